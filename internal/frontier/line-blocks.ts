// Lines of text in memory as UTF-8, in few large blocks: a buffer for each of thousands of pages would cost the allocator and
// the garbage collector more than writing the page does.

const firstBlockBytes = 64 * 1024;
const blockBytes = 1024 * 1024;
/** A UTF-16 code unit takes at most so many bytes of UTF-8. */
const maxUnitBytes = 3;

export class LineBlocks {
  readonly #full: Buffer[] = [];
  #block = Buffer.alloc(0);
  #at = 0;

  /** Adds a line, without its end; gives its bytes with it. */
  add(line: string): number {
    const text = `${line}\n`;
    if (text.length * maxUnitBytes > this.#block.length - this.#at) this.#makeRoom(text);
    const written = this.#block.write(text, this.#at);
    this.#at += written;
    return written;
  }

  /** All lines, one block after the other. */
  blocks(): Buffer[] {
    return [...this.#full, this.#block.subarray(0, this.#at)];
  }

  #makeRoom(text: string): void {
    const neededBytes = Buffer.byteLength(text);
    if (neededBytes <= this.#block.length - this.#at) return;
    if (this.#at > 0) this.#full.push(this.#block.subarray(0, this.#at));
    const usualBytes = this.#block.length === 0 ? firstBlockBytes : blockBytes;
    this.#block = Buffer.allocUnsafeSlow(Math.max(usualBytes, neededBytes));
    this.#at = 0;
  }
}

// Bits of bytes that come in pieces, highest bit first.

/** Thrown when the bits end; the reader can be reset to a mark, and given more. */
export class NeedMore extends Error {}

const needMore = new NeedMore("more bytes are needed");

/** Bytes before the last mark are given up when more are added. */
export class BitReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #bits = 0;
  #count = 0;

  get bytesLeft(): number {
    return this.#bytes.length - this.#at;
  }

  add(chunk: Buffer) {
    this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  mark(): { at: number; bits: number; count: number } {
    return { at: this.#at, bits: this.#bits, count: this.#count };
  }

  reset({ at, bits, count }: { at: number; bits: number; count: number }) {
    this.#at = at;
    this.#bits = bits;
    this.#count = count;
  }

  /** The next `count` bits, 24 at most. Throws NeedMore. */
  read(count: number): number {
    while (this.#count < count) {
      if (this.#at >= this.#bytes.length) throw needMore;
      // At most 31 bits are held: 23 that are left, and 8 more.
      this.#bits = ((this.#bits & 0x7fffff) << 8) | (this.#bytes[this.#at++] as number);
      this.#count += 8;
    }
    this.#count -= count;
    return (this.#bits >>> this.#count) & ((1 << count) - 1);
  }

  /** The next `count` bits, 12 at most, without passing over them; -1 when there are not so many. */
  peek(count: number): number {
    while (this.#count < count) {
      if (this.#at >= this.#bytes.length) return -1;
      this.#bits = ((this.#bits & 0x7fffff) << 8) | (this.#bytes[this.#at++] as number);
      this.#count += 8;
    }
    return (this.#bits >>> (this.#count - count)) & ((1 << count) - 1);
  }

  /** Passes over bits that were peeked at. */
  skip(count: number) {
    this.#count -= count;
  }

  /** Passes over what is left of a byte. */
  align() {
    this.#count -= this.#count % 8;
  }
}

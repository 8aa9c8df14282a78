// tar archives as they stream by: ustar and pax (POSIX.1-2017, pax), GNU long names and large sizes.

/** A member, whose first header is at the byte `start`: `bytes` must be read to its end, or left alone, before the next one is asked for. Throws Error where the archive is cut. */
export type TarMember = {
  name: string;
  start: number;
  sizeBytes: number;
  bytes: AsyncIterable<Buffer>;
};

const blockBytes = 512;
/** Longest extended header that is read. */
const maxHeaderBytes = 1024 * 1024;

/** Whether a block is the header of a tar member: its checksum is right. */
export function isTarHeader(block: Buffer): boolean {
  if (block.length < blockBytes || block[0] === 0) return false;
  const told = octal(block, 148, 8);
  let sum = 8 * 0x20;
  for (let i = 0; i < blockBytes; i++) if (i < 148 || i >= 156) sum += block[i] as number;
  return told === sum;
}

/** The files of an archive, in order; folders, links and devices have no bytes and are passed over. */
export async function* readTar(
  source: AsyncIterable<Buffer>,
): AsyncGenerator<TarMember, void, void> {
  const input = new Blocks(source);
  for (;;) {
    const start = input.position;
    const head = await nextHead(input);
    if (head === null) break;
    const { name, type, sizeBytes } = head;
    const rest = { left: sizeBytes };
    if (type === "0" || type === "7") yield { name, start, sizeBytes, bytes: input.bytes(rest) };
    for await (const _ of input.bytes(rest));
    await input.take((blockBytes - (sizeBytes % blockBytes)) % blockBytes);
  }
  // Read on: what the archive is packed by has its check at the end.
  await input.drain();
}

/** The next member, with what extended headers say of it; null at the end. */
async function nextHead(
  input: Blocks,
): Promise<{ name: string; type: string; sizeBytes: number } | null> {
  let told: { name?: string; size?: number } = {};
  for (;;) {
    const header = await input.take(blockBytes);
    if (header === null || header.every((byte) => byte === 0)) return null;
    if (!isTarHeader(header)) throw new Error("a header of the tar archive is cut or corrupt");
    const type = String.fromCharCode(header[156] || 0x30);
    if (type === "S") throw new Error("a sparse file in a tar archive");
    if (!"xgLK".includes(type)) {
      // Links and devices may tell a size, and have no bytes.
      const sizeBytes = "123456".includes(type) ? 0 : (told.size ?? sizeOf(header));
      return { name: told.name ?? nameOf(header), type, sizeBytes };
    }
    const text = await input.text(sizeOf(header));
    if (type === "x") told = { ...told, ...paxFields(text) };
    if (type === "L") told.name = cText(text, 0, text.length);
  }
}

/** The bytes of a stream in pieces of a wanted length. */
class Blocks {
  readonly #source: AsyncIterator<Buffer>;
  #waiting: Buffer = Buffer.alloc(0);
  /** Bytes that were given. */
  position = 0;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Fewer at the end, null behind it. */
  async take(length: number): Promise<Buffer | null> {
    const parts = [this.#waiting];
    let got = this.#waiting.length;
    while (got < length) {
      const { value, done } = await this.#source.next();
      if (done === true) break;
      parts.push(value);
      got += value.length;
    }
    const all = parts.length === 1 ? this.#waiting : Buffer.concat(parts);
    this.#waiting = all.subarray(length);
    this.position += Math.min(length, all.length);
    return all.length === 0 && length > 0 ? null : all.subarray(0, length);
  }

  async drain(): Promise<void> {
    for (let next = await this.#source.next(); next.done !== true; )
      next = await this.#source.next();
  }

  async *bytes(rest: { left: number }): AsyncGenerator<Buffer, void, void> {
    while (rest.left > 0) {
      if (this.#waiting.length === 0) {
        const { value, done } = await this.#source.next();
        if (done === true) throw new Error("the tar archive is cut in this member");
        this.#waiting = value;
      }
      const part = this.#waiting.subarray(0, rest.left);
      this.#waiting = this.#waiting.subarray(part.length);
      rest.left -= part.length;
      this.position += part.length;
      if (part.length > 0) yield part;
    }
  }

  /** An extended header, with what fills its last block. */
  async text(length: number): Promise<Buffer> {
    if (length > maxHeaderBytes) throw new Error("a header of the tar archive is too long");
    const padded = Math.ceil(length / blockBytes) * blockBytes;
    const found = await this.take(padded);
    if (found === null ? padded > 0 : found.length < padded)
      throw new Error("the tar archive is cut in a header");
    return Buffer.from((found ?? Buffer.alloc(0)).subarray(0, length));
  }
}

const cText = (block: Buffer, at: number, length: number) => {
  const end = block.indexOf(0, at);
  return block.toString("utf8", at, end < 0 || end > at + length ? at + length : end);
};

const octal = (block: Buffer, at: number, length: number) =>
  Number.parseInt(cText(block, at, length).trim() || "0", 8);

/** Sizes of 8 GiB and more: GNU writes them in base 256, the highest bit set. */
function sizeOf(header: Buffer): number {
  const size =
    ((header[124] as number) & 0x80) !== 0
      ? Number(header.readBigUInt64BE(128))
      : octal(header, 124, 12);
  if (!Number.isSafeInteger(size)) throw new Error("a header of the tar archive is corrupt");
  return size;
}

function nameOf(header: Buffer): string {
  const name = cText(header, 0, 100);
  const isUstar = header.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isUstar ? cText(header, 345, 155) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** Records such as `25 path=some/long/name\n` of a pax header. */
function paxFields(text: Buffer): { name?: string; size?: number } {
  const fields: { name?: string; size?: number } = {};
  for (let at = 0; at < text.length; ) {
    const space = text.indexOf(0x20, at);
    const length = Number(text.toString("latin1", at, Math.max(at, space)));
    if (space < 0 || !Number.isInteger(length) || length <= space - at || at + length > text.length)
      throw new Error("a header of the tar archive is corrupt");
    const [key = "", ...value] = text.toString("utf8", space + 1, at + length - 1).split("=");
    if (key === "path") fields.name = value.join("=");
    if (key === "size") fields.size = Number(value.join("="));
    if (key.startsWith("GNU.sparse")) throw new Error("a sparse file in a tar archive");
    at += length;
  }
  return fields;
}

// bzip2 unpacked, one block at a time, checked by its CRCs. Node has no decoder for it.
//
// The format has no standard; this follows what Julian Seward's bzip2 1.0.8 writes, as described block by block in Joe Tsai's
// "BZIP2 Format Specification" (2016). Blocks of the old randomised kind are refused: nothing has written them since 1998.
import { BitReader, NeedMore } from "./bit-reader.ts";
import { readTables } from "./bzip2-tables.ts";

const blockMagic = [0x314159, 0x265359];
const endMagic = [0x177245, 0x385090];
/** More than the packed form of any block: with so many bytes at hand a block is read in one go. */
const enoughBytes = 1024 * 1024;

/** Unpacks streams, one after the other. Throws Error when they are cut, corrupt, or followed by something else. */
export async function* bunzip2(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  const decoder = new Bzip2();
  for await (const chunk of source) {
    decoder.bits.add(chunk);
    while (decoder.bits.bytesLeft >= enoughBytes) {
      const block = decoder.next();
      if (block === null) throw new Error("a block of bzip2 has no end");
      if (block.length > 0) yield block;
    }
  }
  for (;;) {
    if (decoder.isBetweenStreams && decoder.bits.bytesLeft === 0) return;
    const block = decoder.next();
    if (block === null) throw new Error("bzip2 data is cut");
    if (block.length > 0) yield block;
  }
}

class Bzip2 {
  readonly bits = new BitReader();
  /** Bytes of a block at most, in this stream; 0 between streams. */
  #blockBytes = 0;
  #streamCrc = 0;
  #streams = 0;

  get isBetweenStreams(): boolean {
    return this.#blockBytes === 0 && this.#streams > 0;
  }

  /** The next part of the format: the bytes of a block, none for a head or an end. Null: more input is needed. */
  next(): Buffer | null {
    const mark = this.bits.mark();
    try {
      return this.#blockBytes === 0 ? this.#head() : this.#block();
    } catch (error) {
      if (!(error instanceof NeedMore)) throw error;
      this.bits.reset(mark);
      return null;
    }
  }

  #head(): Buffer {
    const magic = this.bits.read(24);
    const level = this.bits.read(8) - 0x30;
    if (magic !== 0x425a68 || level < 1 || level > 9) throw new Error("not bzip2 data");
    this.#blockBytes = level * 100_000;
    this.#streamCrc = 0;
    return Buffer.alloc(0);
  }

  #block(): Buffer {
    const magic = [this.bits.read(24), this.bits.read(24)];
    const isEnd = magic[0] === endMagic[0] && magic[1] === endMagic[1];
    if (!isEnd && (magic[0] !== blockMagic[0] || magic[1] !== blockMagic[1]))
      throw new Error("a block of bzip2 has a wrong start");
    const crc = ((this.bits.read(16) << 16) | this.bits.read(16)) >>> 0;
    if (isEnd) {
      if (crc !== this.#streamCrc) throw new Error("bzip2 data has a wrong CRC");
      this.bits.align();
      this.#blockBytes = 0;
      this.#streams++;
      return Buffer.alloc(0);
    }
    const block = readBlock(this.bits, this.#blockBytes);
    if (blockCrc(block) !== crc) throw new Error("a block of bzip2 has a wrong CRC");
    this.#streamCrc = (((this.#streamCrc << 1) | (this.#streamCrc >>> 31)) ^ crc) >>> 0;
    return block;
  }
}

function readBlock(bits: BitReader, blockBytes: number): Buffer {
  if (bits.read(1) === 1) throw new Error("a randomised block of bzip2 cannot be read");
  const origin = bits.read(24);
  const { sorted, counts } = readSorted(bits, blockBytes);
  if (origin >= sorted.length) throw new Error("a block of bzip2 starts nowhere");
  return expandRuns(unsort(sorted, counts, origin));
}

/** Huffman codes, move-to-front and runs of the last column of the sorted block, and how often each byte is in it. */
function readSorted(bits: BitReader, blockBytes: number) {
  const { bytes, tables, selectors } = readTables(bits);
  const sorted = new Uint8Array(blockBytes);
  const counts = new Uint32Array(256);
  const endOfBlock = bytes.length + 1;
  let length = 0;
  let run = 0;
  let runBit = 1;
  for (let i = 0; ; i++) {
    const selector = selectors[Math.floor(i / 50)];
    const table = selector === undefined ? undefined : tables[selector];
    if (table === undefined) throw new Error("a block of bzip2 has too many symbols");
    const symbol = table.read(bits);
    if (symbol <= 1) {
      // RUNA and RUNB: digits 1 and 2 of a number in base 2, lowest first.
      run += runBit << symbol;
      runBit <<= 1;
      if (run > blockBytes) throw new Error("a block of bzip2 is too long");
      continue;
    }
    if (run > 0) {
      const byte = bytes[0] as number;
      if (length + run > blockBytes) throw new Error("a block of bzip2 is too long");
      sorted.fill(byte, length, length + run);
      counts[byte] = (counts[byte] as number) + run;
      length += run;
      run = 0;
      runBit = 1;
    }
    if (symbol === endOfBlock) return { sorted: sorted.subarray(0, length), counts };
    if (length >= blockBytes) throw new Error("a block of bzip2 is too long");
    const byte = moveToFront(bytes, symbol - 1);
    sorted[length++] = byte;
    counts[byte] = (counts[byte] as number) + 1;
  }
}

function moveToFront(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] as number;
  bytes.copyWithin(1, 0, at);
  bytes[0] = byte;
  return byte;
}

/** The Burrows-Wheeler transform undone. */
function unsort(sorted: Uint8Array, counts: Uint32Array, origin: number): Uint8Array {
  const starts = new Uint32Array(256);
  for (let byte = 1; byte < 256; byte++)
    starts[byte] = (starts[byte - 1] as number) + (counts[byte - 1] as number);
  const next = new Uint32Array(sorted.length);
  for (let i = 0; i < sorted.length; i++) {
    const byte = sorted[i] as number;
    next[starts[byte] as number] = i;
    starts[byte] = (starts[byte] as number) + 1;
  }
  const text = new Uint8Array(sorted.length);
  let at = next[origin] as number;
  for (let i = 0; i < text.length; i++) {
    text[i] = sorted[at] as number;
    at = next[at] as number;
  }
  return text;
}

/** Four equal bytes are followed by how many more of them there are. */
function expandRuns(text: Uint8Array): Buffer {
  let length = text.length;
  forEachRun(text, (at) => {
    length += (text[at] as number) - 1;
  });
  const out = Buffer.allocUnsafe(length);
  let to = 0;
  let from = 0;
  forEachRun(text, (at) => {
    out.set(text.subarray(from, at), to);
    to += at - from;
    const more = text[at] as number;
    out.fill(text[at - 1] as number, to, to + more);
    to += more;
    from = at + 1;
  });
  out.set(text.subarray(from), to);
  return out;
}

/** Tells where the counts behind four equal bytes stand. */
function forEachRun(text: Uint8Array, found: (at: number) => void) {
  let same = 0;
  let last = -1;
  for (let i = 0; i < text.length; i++) {
    const byte = text[i] as number;
    if (same === 4) {
      found(i);
      same = 0;
      last = -1;
    } else if (byte === last) same++;
    else {
      last = byte;
      same = 1;
    }
  }
}

const crcTable = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/** CRC-32 with the highest bit first. */
function blockCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++)
    crc = (crc << 8) ^ (crcTable[(crc >>> 24) ^ (bytes[i] as number)] as number);
  return ~crc >>> 0;
}

// What stands before the symbols of a bzip2 block: the bytes in use, and the Huffman codes.
import type { BitReader } from "./bit-reader.ts";

/** A canonical Huffman code, read bit by bit. */
export type HuffmanTable = { read(bits: BitReader): number };

/** `bytes`: those that the block uses, ascending. `selectors`: which table each 50 symbols use. */
export type BlockTables = { bytes: Uint8Array; tables: HuffmanTable[]; selectors: Uint8Array };

export function readTables(bits: BitReader): BlockTables {
  const bytes = readBytesInUse(bits);
  const tableCount = bits.read(3);
  if (tableCount < 2 || tableCount > 6) throw new Error("a block of bzip2 has no sound tables");
  const selectors = readSelectors(bits, tableCount);
  const tables = Array.from({ length: tableCount }, () =>
    huffmanTable(readLengths(bits, bytes.length + 2)),
  );
  return { bytes, tables, selectors };
}

function readBytesInUse(bits: BitReader): Uint8Array {
  const ranges = bits.read(16);
  const bytes: number[] = [];
  for (let high = 0; high < 16; high++) {
    if ((ranges & (0x8000 >> high)) === 0) continue;
    const range = bits.read(16);
    for (let low = 0; low < 16; low++) {
      if ((range & (0x8000 >> low)) !== 0) bytes.push(high * 16 + low);
    }
  }
  if (bytes.length === 0) throw new Error("a block of bzip2 uses no byte");
  return Uint8Array.from(bytes);
}

function readSelectors(bits: BitReader, tableCount: number): Uint8Array {
  const count = bits.read(15);
  if (count === 0) throw new Error("a block of bzip2 has no symbols");
  const order = Array.from({ length: tableCount }, (_, i) => i);
  const selectors = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    let at = 0;
    while (bits.read(1) === 1)
      if (++at >= tableCount) throw new Error("a block of bzip2 has no such table");
    const [table = 0] = order.splice(at, 1);
    order.unshift(table);
    selectors[i] = table;
  }
  return selectors;
}

const maxLength = 20;

function readLengths(bits: BitReader, count: number): Uint8Array {
  const lengths = new Uint8Array(count);
  let length = bits.read(5);
  for (let i = 0; i < count; i++) {
    for (;;) {
      if (length < 1 || length > maxLength) throw new Error("a code of bzip2 has a wrong length");
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[i] = length;
  }
  return lengths;
}

/** Codes of up to so many bits are looked up, all others read bit by bit. */
const shortBits = 11;

/** By the next bits: a symbol times 32 plus the length of its code; 0 for longer codes. */
function shortCodes(counts: Uint32Array, symbols: readonly number[]): Uint32Array {
  const short = new Uint32Array(1 << shortBits);
  let code = 0;
  let index = 0;
  for (let length = 1; length <= shortBits; length++) {
    for (let i = 0; i < (counts[length] as number); i++, code++, index++) {
      const from = code << (shortBits - length);
      if (from >= short.length) return short;
      short.fill(
        (symbols[index] as number) * 32 + length,
        from,
        from + (1 << (shortBits - length)),
      );
    }
    code <<= 1;
  }
  return short;
}

function huffmanTable(lengths: Uint8Array): HuffmanTable {
  // By length: the first code, and where its symbol stands among all, sorted by length.
  const counts = new Uint32Array(maxLength + 2);
  for (const length of lengths) counts[length] = (counts[length] as number) + 1;
  const symbols = [...lengths.keys()].sort(
    (a, b) => (lengths[a] as number) - (lengths[b] as number) || a - b,
  );
  const short = shortCodes(counts, symbols);
  return {
    read(bits) {
      const peeked = bits.peek(shortBits);
      const found = peeked < 0 ? 0 : (short[peeked] as number);
      if (found > 0) {
        bits.skip(found & 31);
        return found >>> 5;
      }
      let code = 0;
      let first = 0;
      let index = 0;
      for (let length = 1; length <= maxLength; length++) {
        code |= bits.read(1);
        const count = counts[length] as number;
        if (code - first < count) {
          const symbol = symbols[index + code - first];
          if (symbol !== undefined) return symbol;
        }
        index += count;
        first = (first + count) << 1;
        code <<= 1;
      }
      throw new Error("a code of bzip2 is none");
    },
  };
}

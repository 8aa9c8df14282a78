// Snappy's block format unpacked (google/snappy, format_description.txt).

/** Throws Error when the bytes are cut or corrupt, or tell more than `limit` bytes. */
export function unpackSnappy(bytes: Buffer, limit: number): Buffer {
  const input = { bytes, at: 0 };
  const length = lengthOf(input);
  if (length > limit) throw new Error(`snappy data of more than ${limit} bytes`);
  const out = Buffer.alloc(length);
  let to = 0;
  while (input.at < bytes.length) {
    const tag = byteOf(input);
    to += (tag & 3) === 0 ? literal(input, tag, out, to) : copy(input, tag, out, to);
  }
  if (to !== length) throw corrupt();
  return out;
}

type Input = { bytes: Buffer; at: number };
const corrupt = () => new Error("snappy data is cut or corrupt");

function byteOf(input: Input): number {
  const value = input.bytes[input.at++];
  if (value === undefined) throw corrupt();
  return value;
}

function lengthOf(input: Input): number {
  let length = 0;
  for (let shift = 0; shift <= 28; shift += 7) {
    const value = byteOf(input);
    length += (value & 0x7f) * 2 ** shift;
    if (value < 0x80) return length;
  }
  throw corrupt();
}

function literal(input: Input, tag: number, out: Buffer, to: number): number {
  const size = (tag >> 2) + 1;
  const count = size > 60 ? littleEndian(input, size - 60) + 1 : size;
  if (input.at + count > input.bytes.length || to + count > out.length) throw corrupt();
  input.bytes.copy(out, to, input.at, input.at + count);
  input.at += count;
  return count;
}

function copy(input: Input, tag: number, out: Buffer, to: number): number {
  const isShort = (tag & 3) === 1;
  const count = isShort ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
  const back = isShort
    ? ((tag >> 5) << 8) | byteOf(input)
    : littleEndian(input, (tag & 3) === 2 ? 2 : 4);
  if (back === 0 || back > to || to + count > out.length) throw corrupt();
  // Source and target may overlap: a run is written byte by byte.
  for (let i = to; i < to + count; i++) out[i] = out[i - back] as number;
  return count;
}

function littleEndian(input: Input, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) value += byteOf(input) * 256 ** i;
  return value;
}

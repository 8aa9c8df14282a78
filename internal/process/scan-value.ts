// Where a JSON value ends, by brackets and quotes alone: enough to cut a document into records that are then checked.

/** White space of RFC 8259 section 2. */
export const isSpace = (c: number | undefined) =>
  c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09;

/** Index behind the value at `start`, `start` itself if there is none, -1 if its end is not among `bytes`. */
export function valueEnd(bytes: Buffer, start: number, last: boolean): number {
  const c = bytes[start];
  if (c === 0x22) return stringEnd(bytes, start);
  if (c === 0x7b || c === 0x5b) return nestedEnd(bytes, start);
  for (let i = start; i < bytes.length; i++) {
    if (isDelimiter(bytes[i])) return i;
  }
  return last ? bytes.length : -1;
}

/** Line ends are white space between tokens of JSON; inside its strings there are none. */
export function oneLine(raw: Buffer): Buffer {
  const line = Buffer.from(raw);
  for (let i = 0; i < line.length; i++) if (line[i] === 0x0a || line[i] === 0x0d) line[i] = 0x20;
  return line;
}

/** What ends a number, `true`, `false` or `null`. */
const isDelimiter = (c: number | undefined) =>
  c === 0x2c || c === 0x5d || c === 0x7d || c === 0x7b || c === 0x5b || c === 0x22 || isSpace(c);

function nestedEnd(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let i = start; i < bytes.length; i++) {
    const c = bytes[i];
    if (c === 0x22) {
      const end = stringEnd(bytes, i);
      if (end < 0) return -1;
      i = end - 1;
    } else if (c === 0x7b || c === 0x5b) depth++;
    else if ((c === 0x7d || c === 0x5d) && --depth === 0) return i + 1;
  }
  return -1;
}

function stringEnd(bytes: Buffer, start: number): number {
  for (let i = start + 1; i < bytes.length; i++) {
    if (bytes[i] === 0x5c) i++;
    else if (bytes[i] === 0x22) return i + 1;
  }
  return -1;
}

// Lines in bytes, by their line feeds.

const lf = 0x0a;

/** Line feeds from `start` to before `end`. */
export function lineCount(bytes: Buffer, start: number, end: number): number {
  let lines = 0;
  let at = bytes.indexOf(lf, start);
  while (at >= 0 && at < end) {
    lines++;
    at = bytes.indexOf(lf, at + 1);
  }
  return lines;
}

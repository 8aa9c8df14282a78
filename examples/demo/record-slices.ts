// Pages of records are cut out of the source text: parsing and printing again would turn 0.0 into 0.

/** `count` records; `slice` gives the text of those from `start` up to but without `end`, with the brackets around. */
export type RecordSlices = { count: number; slice: (start: number, end: number) => string };

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openers = [0x5b, 0x7b];
const closers = [0x5d, 0x7d];

/** Finds the elements of the array that begins at the first `[` after `marker`. Throws when the array has no end. */
export function recordSlices(text: string, marker = ""): RecordSlices {
  const start = text.indexOf("[", text.indexOf(marker)) + 1;
  const cuts = [start];
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else if (openers.includes(code)) depth++;
    else if (closers.includes(code)) {
      depth--;
      if (depth < 0) return slicesOf(text, cuts, at);
    } else if (code === comma && depth === 0) cuts.push(at + 1);
  }
  throw new Error(`cut records out of a JSON text: no end of the array behind "${marker}"`);
}

function endOfString(text: string, from: number): number {
  let at = from + 1;
  while (text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at;
}

function slicesOf(text: string, cuts: number[], end: number): RecordSlices {
  const isEmpty = text.slice(cuts[0], end).trim() === "";
  const bounds = Uint32Array.from([...(isEmpty ? [] : cuts), end + 1]);
  const count = bounds.length - 1;
  return {
    count,
    slice: (from, to) => {
      const first = Math.min(from, count);
      const last = Math.min(to, count);
      return first < last ? `[${text.slice(bounds[first], (bounds[last] ?? 0) - 1).trim()}]` : "[]";
    },
  };
}

// URLs that look made up by a machine: paths that repeat themselves, queries that grow. Each rule is about one URL alone, so it
// says the same in every process and at every time. It runs over every link of every page: no regular expressions, no copies.
import type { TrapLimits } from "../model/pipeline.ts";

/** Why a link is not followed; the names are in reports and in docs/pipeline.md. */
export type UrlTrap = "trap: long url" | "trap: repeated path" | "trap: growing query";

/** So many more times than in a row may a segment stand anywhere in a path: `/a/x/a/y/a/z`. */
const moreApart = 2;
/** Parameters of one name: more are appended, not chosen. */
const maxSameName = 20;
const slash = 0x2f;

/** The first reason why a canonical URL looks like a trap, or null. About 0.2 us for one that does not. */
export function urlTrap(url: string, limits: TrapLimits): UrlTrap | null {
  if (url.length > limits.urlLength) return "trap: long url";
  const query = url.indexOf("?");
  const pathEnd = query < 0 ? url.length : query;
  const pathStart = url.indexOf("/", url.indexOf("//") + 2);
  if (pathStart > 0 && repeatsItself(url, pathStart, pathEnd, limits.repeats))
    return "trap: repeated path";
  if (query >= 0 && growsItself(url, query + 1, limits)) return "trap: growing query";
  return null;
}

/** Whether a segment, or a run of them, stands `repeats` times in a row, or a segment that often and two more anywhere. */
function repeatsItself(url: string, start: number, end: number, repeats: number): boolean {
  const starts: number[] = [];
  for (let at = start; at >= 0 && at < end; at = url.indexOf("/", at + 1)) starts.push(at);
  if (starts.length < repeats) return false;
  // What follows the last slash is a segment unless it is empty.
  if (starts.at(-1) !== end - 1) starts.push(end);
  const count = starts.length - 1;
  for (let length = 1; length * repeats <= count; length += 1) {
    let same = 0;
    for (let index = length; index < count; index += 1) {
      same = isSame(url, starts, index, index - length) ? same + 1 : 0;
      if (same >= length * (repeats - 1)) return true;
    }
  }
  return count >= repeats + moreApart && isCrowded(url, starts, count, repeats + moreApart);
}

function isCrowded(url: string, starts: readonly number[], count: number, most: number): boolean {
  for (let first = 0; first + most <= count; first += 1) {
    let times = 1;
    for (let index = first + 1; index < count; index += 1)
      if (isSame(url, starts, index, first)) times += 1;
    if (times >= most) return true;
  }
  return false;
}

/** Two segments that are not numbers: `/1/1/1` is a place on a map. */
function isSame(url: string, starts: readonly number[], a: number, b: number): boolean {
  const from = starts[a] as number;
  const other = starts[b] as number;
  const length = (starts[a + 1] as number) - from;
  if ((starts[b + 1] as number) - other !== length) return false;
  let isNumber = length > 1;
  for (let at = 0; at < length; at += 1) {
    const code = url.charCodeAt(from + at);
    if (code !== url.charCodeAt(other + at)) return false;
    if (code !== slash && (code < 0x30 || code > 0x39)) isNumber = false;
  }
  return !isNumber;
}

/** Too many parameters or letters, the same parameter over and over, escapes of escapes of escapes. */
function growsItself(url: string, start: number, limits: TrapLimits): boolean {
  if (url.length - start > limits.queryLength) return true;
  if (url.includes("%25252", start) || url.includes("amp;amp;", start)) return true;
  if (url.indexOf("&", start) < 0) return false;
  const pairs = url.slice(start).split("&");
  if (pairs.length > limits.params) return true;
  if (pairs.length < limits.repeats) return false;
  return (
    mostAlike(pairs) >= limits.repeats ||
    (pairs.length > maxSameName && mostAlike(pairs.map(nameOf)) > maxSameName)
  );
}

function mostAlike(texts: readonly string[]): number {
  const times = new Map<string, number>();
  let most = 0;
  for (const text of texts) {
    const count = (times.get(text) ?? 0) + 1;
    times.set(text, count);
    if (count > most && text !== "") most = count;
  }
  return most;
}

function nameOf(pair: string): string {
  const end = pair.indexOf("=");
  return end < 0 ? pair : pair.slice(0, end);
}

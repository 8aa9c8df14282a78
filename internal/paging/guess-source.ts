// What one answer of an API lets one guess of it: where its records are, how it goes on, which fields tell records apart and
// which grow. Guesses are for a person to correct, so each comes with those that were not taken.
import { parseLinkHeader } from "../links/link-header.ts";

/** `document`: the parsed body; `headers` have lower-case names. */
export type SampleAnswer = { url: URL; headers: Record<string, string>; document: unknown };

export type ListGuess = { path: string; count: number };
/** `options`: as the pipeline file has them. `spent`: URL parameters that paging sets. */
export type PagingGuess = { options: Record<string, unknown>; why: string; spent: string[] };
export type SourceGuess = {
  /** The longest list of objects first. Empty: there is none. */
  lists: ListGuess[];
  /** Paths of empty arrays. */
  emptyLists: string[];
  paging: PagingGuess[];
  keys: string[];
  cursors: string[];
};

type FoundList = ListGuess & { records: Record<string, unknown>[] };
type Leaf = { path: string; name: string; value: string | number | boolean };

const maxDepth = 5;
const cursorName =
  /^(next|(next_?)?(page_?)?(cursor|token)|end_?cursor|continuation(_?token)?|after)$/i;
const timestamp = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/;

/** All guesses, the likeliest first. Pure. */
export function guessSource(answer: SampleAnswer): SourceGuess {
  const found: FoundList[] = [];
  const leaves: Leaf[] = [];
  walk(answer.document, "$", "", 0, found, leaves);
  const lists = found.filter(({ count }) => count > 0);
  lists.sort((a, b) => b.count - a.count);
  const records = lists[0]?.records ?? [];
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const valuesOf = (name: string) => records.map((record) => record[name]);
  return {
    lists: lists.map(({ path, count }) => ({ path, count })),
    emptyLists: found.filter(({ count }) => count === 0).map(({ path }) => path),
    paging: pagingOf(answer, leaves, records.length),
    keys: ranked(
      names.filter((name) => isKey(valuesOf(name))),
      [/^id$/i, /(_id|Id|uuid)$/, /key|code|slug/i],
    ),
    cursors: ranked(
      names.filter((name) => valuesOf(name).length > 0 && valuesOf(name).every(isTimestamp)),
      [/updat|modif|chang/i, /creat|time|date/i],
    ),
  };
}

function walk(
  value: unknown,
  path: string,
  name: string,
  depth: number,
  lists: FoundList[],
  leaves: Leaf[],
): void {
  if (Array.isArray(value)) {
    const records = value.filter(isObject);
    if (records.length === value.length)
      lists.push({ path: `${path}[*]`, count: value.length, records });
  } else if (isObject(value) && depth < maxDepth) {
    for (const [key, item] of Object.entries(value))
      walk(item, path + step(key), key, depth + 1, lists, leaves);
  } else if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    leaves.push({ path, name, value });
}

type Clues = { url: URL; leaves: Leaf[]; count: number };

function pagingOf({ url, headers }: SampleAnswer, leaves: Leaf[], count: number): PagingGuess[] {
  const clues = { url, leaves, count };
  const links = parseLinkHeader(headers.link ?? "");
  const byLink: PagingGuess = {
    options: { kind: "link" },
    why: "the Link header names the next page",
    spent: [],
  };
  return [
    ...(links.some(({ rel }) => rel.includes("next")) ? [byLink] : []),
    ...byPointer(clues),
    ...byPage(clues),
    ...byOffset(clues),
    { options: { kind: "none" }, why: "one answer holds everything", spent: [] },
  ];
}

/** The answer names the next page: by URL or cursor. */
function byPointer({ url, leaves }: Clues): PagingGuess[] {
  const next = leaves.find(
    ({ path, value }) =>
      /next/i.test(path) && typeof value === "string" && /^(https?:\/\/|\/|\?)/.test(value),
  );
  if (next !== undefined)
    return [
      { options: { kind: "next_url", next: next.path }, why: `${next.path} is a URL`, spent: [] },
    ];
  const cursor = leaves.find(
    ({ name, value }) => typeof value !== "boolean" && value !== "" && cursorName.test(name),
  );
  if (cursor === undefined) return [];
  const asked = paramOf(url, /cursor|token|after/i);
  const param = (asked ?? cursor.name.replace(/^(next|end)_?/i, "").toLowerCase()) || "cursor";
  const options = { kind: "cursor", param, next: cursor.path };
  return [{ options, why: `${cursor.path} looks like a cursor`, spent: [param] }];
}

function byPage(clues: Clues): PagingGuess[] {
  const { url, leaves, count } = clues;
  const pages = numberIn(leaves, /^(total_?pages|pages|last_?page|page_?count)$/i);
  const isNumbered = pages ?? numberIn(leaves, /^(page|current_?page)$/i);
  const asked = paramOf(url, /^(page|p|page_?(no|num|number))$/i);
  if (asked === undefined && isNumbered === undefined) return [];
  const param = asked ?? "page";
  const sizeParam = paramOf(url, /^(per_?page|page_?size|size|limit)$/i);
  const size =
    sizeParam === undefined
      ? {}
      : { sizeParam, size: wholeNumber(url, sizeParam) ?? Math.max(count, 1) };
  const told = pages === undefined ? totalOf(clues) : { totalPages: pages.path };
  const spent = sizeParam === undefined ? [param] : [param, sizeParam];
  const options = { kind: "page", param, ...size, ...told };
  return [{ options, why: "there is a page number", spent }];
}

function byOffset(clues: Clues): PagingGuess[] {
  const { url, leaves, count } = clues;
  const asked = paramOf(url, /^(offset|skip|start)$/i);
  const isOffset = numberIn(leaves, /^(offset|skip)$/i) !== undefined;
  if (asked === undefined && !isOffset) return [];
  const param = asked ?? "offset";
  const limitParam = paramOf(url, /^(limit|take|top|count)$/i) ?? "limit";
  const limit = wholeNumber(url, limitParam) ?? Math.max(count, 1);
  const options = { kind: "offset", param, limitParam, limit, ...totalOf(clues) };
  return [{ options, why: "there is an offset", spent: [param, limitParam] }];
}

function totalOf({ leaves, count }: Clues): { total?: string } {
  const total = numberIn(leaves, /^(total|total_?(count|items|records|results)|count)$/i);
  return total !== undefined && Number(total.value) > count ? { total: total.path } : {};
}

function numberIn(leaves: Leaf[], name: RegExp): Leaf | undefined {
  return leaves.find((leaf) => name.test(leaf.name) && typeof leaf.value === "number");
}

function paramOf(url: URL, name: RegExp): string | undefined {
  return [...url.searchParams.keys()].find((each) => name.test(each));
}

function wholeNumber(url: URL, name: string): number | null {
  const value = Number(url.searchParams.get(name));
  return Number.isInteger(value) && value > 0 ? value : null;
}

function isKey(values: unknown[]): boolean {
  const isPlain = values.every((value) => typeof value === "string" || typeof value === "number");
  return values.length > 0 && isPlain && new Set(values).size === values.length;
}

function isTimestamp(value: unknown): boolean {
  return typeof value === "string" && timestamp.test(value);
}

/** Those that match the first pattern, then the second, ...; the others as they come. */
function ranked(names: string[], patterns: RegExp[]): string[] {
  const rank = (name: string) => {
    const at = patterns.findIndex((pattern) => pattern.test(name));
    return at < 0 ? patterns.length : at;
  };
  return [...names].sort((a, b) => rank(a) - rank(b));
}

function step(name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name)) return `.${name}`;
  return `['${name.replace(/[\\']/g, "\\$&")}']`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

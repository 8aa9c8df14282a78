// From an answer of an API to the links that follow from it. Pure.
import { documentPaths } from "../answers/document-paths.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import type { FrontierLink } from "../model/link.ts";
import type { ApiSource } from "../model/pipeline.ts";
import { childLinks, fieldOf } from "../paging/child-requests.ts";
import { maxPagesNote, nextRequests, type PageRequest } from "../paging/next-requests.ts";
import { greater, waterText } from "../recrawl/high-water.ts";
import { readApiAnswer } from "./api-answer.ts";
import type { Reading } from "./read-answer.ts";

/**
 * The next pages of an API source, and the first pages of its children. A body that cannot be read is an error: nobody knows
 * what would have followed.
 */
export function readApiPage(
  link: FrontierLink,
  answer: Exchange,
  source: ApiSource,
  children: readonly ApiSource[] = [],
): Reading {
  const read = readApiAnswer(source, link.url, answer);
  if (read.error !== null) return failed(read.error);
  const { document, records, format } = read;
  const [path] = document === undefined ? documentPaths(source) : [];
  if (path !== undefined)
    return failed(`the answer is ${format.toUpperCase()}, which has nothing at ${path}`);
  const step = nextRequests(source, {
    request: link.ask === undefined ? { url: link.url } : { url: link.url, ask: link.ask },
    page: link.page ?? 0,
    known: link.known ?? null,
    headers: answer.headers,
    document,
    records: records.length,
  });
  if ("error" in step) return failed(step.error);
  const links = "next" in step ? step.next.map((next) => pageLink(link, next)) : [];
  const drops: Record<string, number> = {};
  for (const note of step.notes ?? []) drops[note] = (drops[note] ?? 0) + 1;
  for (const child of children) {
    const found = childLinks(child, records, link);
    for (const each of found.links) links.push(each);
    if (found.missed > 0) drops[`${child.name}: no value for its url`] = found.missed;
  }
  const reading: Reading = { links, error: null, drops };
  if (source.incremental !== null) noteHigh(reading, source.incremental.field, records);
  // What lies beyond the last page that may be read would never be read.
  if (reading.high !== undefined && step.notes?.includes(maxPagesNote)) reading.high = null;
  return reading;
}

/** The greatest value of a field; records without it are counted. */
function noteHigh(reading: Reading, field: string, records: readonly unknown[]): void {
  let high: string | null = null;
  let missed = 0;
  for (const each of records) {
    const value = waterText(fieldOf(each, field));
    if (value === null) missed += 1;
    else high = high === null ? value : greater(high, value);
  }
  if (high !== null) reading.high = high;
  if (missed > 0) reading.drops[`incremental: no ${field}`] = missed;
}

/** Another page of the same walk. */
function pageLink(link: FrontierLink, next: PageRequest): FrontierLink {
  const { source, depth, url: via, keys } = link;
  const carried = keys === undefined ? {} : { keys };
  return { source, kind: "api", depth, priority: 0, via, ...carried, ...next };
}

function failed(error: string): Reading {
  return { links: [], error, drops: {} };
}

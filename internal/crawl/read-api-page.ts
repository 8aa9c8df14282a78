// From an answer of an API to the links that follow from it. Pure.
import { hash } from "node:crypto";
import { documentPaths } from "../answers/document-paths.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import type { FrontierLink } from "../model/link.ts";
import type { ApiSource } from "../model/pipeline.ts";
import {
  type ApiStep,
  maxPagesNote,
  nextRequests,
  type PageRequest,
} from "../paging/next-requests.ts";
import { readApiAnswer } from "./api-answer.ts";
import { RecordCollector } from "./collect-records.ts";
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
  const { document, count, format } = read;
  // What is around the records of a member gets into their rows, and leads nowhere.
  const around = format === "zip" ? { ...source, envelope: {} } : source;
  const [path] = document === undefined ? documentPaths(around) : [];
  if (path !== undefined)
    return failed(`the answer is ${format.toUpperCase()}, which has nothing at ${path}`);
  const step = nextRequests(source, {
    request: requestOf(link),
    page: link.page ?? 0,
    known: link.known ?? null,
    headers: answer.headers,
    document,
    records: count,
  });
  if ("error" in step) return failed(step.error);
  const byHand = ["cursor", "link", "next_url"].includes(source.pagination.kind);
  // What lies beyond the last page that may be read would never be read.
  const isCut = step.notes?.includes(maxPagesNote) ?? false;
  const walk = walkOf(link, step, count, isCut);
  const links =
    "next" in step ? step.next.map((next) => pageLink(link, next, byHand, walk?.id)) : [];
  const drops: Record<string, number> = {};
  for (const note of step.notes ?? []) drops[note] = (drops[note] ?? 0) + 1;
  const found = "found" in read ? read.found : new RecordCollector(link, source, children);
  if ("records" in read) found.add(read.records);
  for (const each of found.links) links.push(each);
  const reading: Reading = { links, error: null, drops: { ...drops, ...found.drops } };
  if (found.high !== null) reading.high = found.high;
  if (reading.high !== undefined && isCut) reading.high = null;
  if (walk !== null) reading.walk = walk;
  return reading;
}

/** Another page of the same walk. `byHand`: each page gives the next one, by what may expire. */
function pageLink(
  link: FrontierLink,
  next: PageRequest,
  byHand: boolean,
  pagesOf: string | undefined,
): FrontierLink {
  const { source, depth, url: via, keys, walk } = link;
  const carried = {
    ...(keys === undefined ? {} : { keys }),
    ...(walk === undefined ? {} : { walk }),
    ...(pagesOf === undefined ? {} : { pagesOf }),
    ...(byHand ? { first: link.first ?? requestOf(link) } : {}),
  };
  return { source, kind: "api", depth, priority: 0, via, ...carried, ...next };
}

/** The first page once more, as a link of its own; null when the link's walk cannot begin anew. */
export function walkAnew(link: FrontierLink): FrontierLink | null {
  const { source, depth, keys, first, walk = 0 } = link;
  if (first === undefined) return null;
  const carried = keys === undefined ? {} : { keys };
  const place = { depth, priority: 0, page: 0, via: link.url } as const;
  return { ...first, source, kind: "api", ...place, ...carried, walk: walk + 1 };
}

/** What a page adds to the counts of its walk; null: of which no total is told, or which is not to be read to its end. */
function walkOf(
  link: FrontierLink,
  step: Exclude<ApiStep, { error: string }>,
  read: number,
  isCut: boolean,
): Required<Reading>["walk"] | null {
  const { told } = step;
  if (link.pagesOf !== undefined) return { id: link.pagesOf, told: told ?? 0, read };
  if (told === undefined || isCut || (link.page ?? 0) > 0) return null;
  // A walk of one page that has what it tells needs no counting.
  if ("end" in step && told === read) return null;
  const id = hash("sha256", JSON.stringify([link.url, link.ask])).slice(0, 16);
  return { id, told, read };
}

const requestOf = ({ url, ask }: FrontierLink) => (ask === undefined ? { url } : { url, ask });

function failed(error: string): Reading {
  return { links: [], error, drops: {} };
}

// What makes two links the same, and two pages of an API ask for the same.
import type { FrontierLink } from "../model/link.ts";
import { BoundedCache } from "../std/bounded-cache.ts";
import { type Fingerprint, type FingerprintStart, fingerprint, startOf } from "./fingerprint.ts";

/** By source: links of a page are many, and putting its name before each of them costs more than their fingerprint. */
const starts = new BoundedCache<FingerprintStart>(256);

/**
 * What makes two links the same: the source, the canonical URL, what the request has beyond it, which walk and replay it is, and
 * which page of an API it is found as. A robots.txt is no page.
 */
export function linkFingerprint(link: FrontierLink): Fingerprint {
  const start = startFor(link.source);
  if (link.kind === "page" && link.replay === undefined) return fingerprint(link.url, start);
  // A space is in no URL.
  const page = isBehindFirst(link) ? ` ${link.page}` : "";
  return fingerprint(`${link.url}${page}${detailsOf(link)}`, start);
}

/** Of the request alone, whichever page of an API it is found as. The first page of a walk has this one only. */
export function requestFingerprint(link: FrontierLink): Fingerprint {
  return fingerprint(`${link.url}${detailsOf(link)}`, startFor(link.source));
}

/** Whether it is a page of an API behind the first one. */
export function isBehindFirst({ kind, page = 0 }: FrontierLink): boolean {
  return kind === "api" && page > 0;
}

function detailsOf(link: FrontierLink): string {
  const kind = link.kind === "robots" ? "\nrobots" : "";
  const ask = link.ask === undefined ? "" : `\n${JSON.stringify(link.ask)}`;
  const walk = link.walk === undefined ? "" : `\nwalk ${link.walk}`;
  const replay = link.replay ? `\n${link.replay}` : "";
  return `${kind}${ask}${walk}${replay}`;
}

function startFor(source: string): FingerprintStart {
  let start = starts.get(source);
  if (start === undefined) {
    start = startOf(`${source}\n`);
    starts.set(source, start);
  }
  return start;
}

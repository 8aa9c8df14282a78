// Where the crawl asks whether it walks into a trap (internal/traps): before a link is offered, before a page is fetched, and
// when a page was read. What is left out is counted by its reason, like links out of scope.

import type { QueuedLink } from "../frontier/shard-frontier.ts";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { FrontierLink } from "../model/link.ts";
import type { RawRecord } from "../model/raw-record.ts";
import { PageCaps, type PageTrap } from "../traps/page-caps.ts";
import { urlTrap } from "../traps/url-trap.ts";
import { authorityOf } from "../url/url.ts";
import type { Crawlable } from "./may-fetch.ts";
import type { Reading } from "./read-answer.ts";

/** Ends with its owner: whoever has the shard next counts from nothing. */
const caps = new WeakMap<ShardOwner, PageCaps>();

/** Why a page that is taken for the first time must not be fetched, or null; counts it. `host`: host and port. */
export function trapBefore(
  owner: ShardOwner,
  { link, attempts, calm }: QueuedLink,
  source: Crawlable,
  host: string,
): PageTrap | null {
  if (source.kind !== "web" || source.traps === null || attempts + calm > 0) return null;
  return capsOf(owner).pageTrap(link, host, source.traps);
}

/**
 * A reading without links into traps. Of a body that a host gave too often no link is followed at all: such pages are soft
 * 404s, or one page under any name, and relative links make ever more of them. The pages themselves are kept.
 */
export function withoutTraps(
  owner: ShardOwner,
  link: FrontierLink,
  record: RawRecord,
  reading: Reading,
  source: Crawlable,
): Reading {
  if (source.kind !== "web" || source.traps === null || reading.links.length === 0) return reading;
  // What a sitemap names its site wants read.
  if (link.kind !== "page") return reading;
  const limits = source.traps;
  const isAnswer = record.status >= 200 && record.status < 300;
  if (isAnswer && copiesOf(owner, link, record) > limits.copies)
    return dropAll(reading, "trap: copies");
  const drops = { ...reading.drops };
  const links = reading.links.filter((found) => {
    const trap = urlTrap(found.url, limits);
    if (trap !== null) drops[trap] = (drops[trap] ?? 0) + 1;
    return trap === null;
  });
  return links.length === reading.links.length ? reading : { ...reading, links, drops };
}

function copiesOf(owner: ShardOwner, link: FrontierLink, { digest }: RawRecord): number {
  return capsOf(owner).timesSeen(link.source, authorityOf(link.url), digest);
}

function dropAll(reading: Reading, reason: string): Reading {
  const count = (reading.drops[reason] ?? 0) + reading.links.length;
  return { ...reading, links: [], drops: { ...reading.drops, [reason]: count } };
}

function capsOf(owner: ShardOwner): PageCaps {
  let known = caps.get(owner);
  if (known === undefined) {
    known = new PageCaps(Number(owner.run.date.slice(0, 4)));
    caps.set(owner, known);
  }
  return known;
}

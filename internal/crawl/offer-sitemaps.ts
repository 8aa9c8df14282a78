// The sitemaps of an origin are offered once to each owner: robots.txt, which names them, is asked once a day for all.
import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { FrontierLink } from "../model/link.ts";
import type { Pipeline } from "../model/pipeline.ts";
import type { Host } from "../politeness/host.ts";
import { originOf } from "../url/url.ts";
import { sitemapLinks } from "./ask-source.ts";
import { type Crawlable, robotsKey } from "./may-fetch.ts";

export class SitemapOffers {
  readonly #offered = new WeakMap<ShardOwner, Set<string>>();

  /** Offers the sitemaps of the origin of a URL, unless that was done. Gives the links that are new and of the owner's shard. */
  offer(
    host: Host,
    owner: ShardOwner,
    url: string,
    source: Crawlable,
    pipeline: Pipeline,
  ): FrontierLink[] {
    if (source.kind !== "web" || !source.sitemaps) return [];
    const origin = originOf(url);
    const offered = this.#offered.get(owner) ?? new Set();
    this.#offered.set(owner, offered);
    if (offered.has(origin)) return [];
    offered.add(origin);
    const robots = host.robots.get(robotsKey(origin, source))?.robots ?? null;
    return owner.offerFound(sitemapLinks(pipeline, origin, robots));
  }
}

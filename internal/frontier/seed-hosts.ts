// What the shards of a pipeline weigh before anybody has looked at a page: how many hosts its seeds name in each. A shard's
// work grows with its hosts, as each of them is asked at a pace of its own.
import type { Source } from "../model/pipeline.ts";
import { authorityOf, canonicalUrl } from "../url/url.ts";
import { shardOf } from "./shard.ts";

/**
 * Distinct hosts of the web seeds and API URLs of a pipeline, by shard; shards without any are not there. It
 * follows from the pipeline alone, so that every pod gets the same.
 */
export function seedHosts(sources: readonly Source[], shards: number): ReadonlyMap<number, number> {
  const hosts = new Map<number, Set<string>>();
  for (const source of sources) {
    if (source.kind === "files") continue;
    for (const seed of source.kind === "web" ? source.seeds : [source.url]) {
      const url = canonicalUrl(seed);
      if (url === null) continue;
      const shard = shardOf(url, shards);
      const names = hosts.get(shard) ?? new Set();
      hosts.set(shard, names.add(authorityOf(url)));
    }
  }
  return new Map([...hosts].map(([shard, names]) => [shard, names.size]));
}

// Which sources may have pages in more than one shard, so that no owner alone can hold their page cap.
import type { WebSource } from "../model/pipeline.ts";
import { canonicalUrl } from "../url/url.ts";
import { shardOf } from "./shard.ts";

/** Whether a source's pages may be in several of `shards` shards. Throws TypeError when a seed is not a URL. */
export function hasSharedCap({ seeds, scope }: WebSource, shards: number): boolean {
  // Every other scope ends at the seeds' registrable domains, and a domain is in one shard.
  if (scope.within === "any") return shards > 1;
  const own = seeds.map((seed) => shardOf(canonicalUrl(seed) ?? new URL(seed).href, shards));
  return new Set(own).size > 1;
}

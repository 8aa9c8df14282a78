// Which shard owns a URL. All of a site falls into one shard, so that one pod alone keeps its pace.
import { perOrigin } from "../url/per-origin.ts";
import { siteOf } from "../url/registrable-domain.ts";

/**
 * The shard, 0 to `shards` - 1, of a canonical URL: a hash of its registrable domain. Frontier logs and ledgers are kept
 * under this number, so it must never change between versions. Throws TypeError when `url` is not a URL.
 */
export function shardOf(url: string, shards: number): number {
  return siteHash(url) % shards;
}

const siteHash = perOrigin((url) => hash32(siteOf(url)));

/** FNV-1a (draft-eastlake-fnv) over ASCII, with the finaliser of MurmurHash3, whose low bits are good enough for `%`. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

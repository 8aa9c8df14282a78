// Whether APIs gave as many records as they said: walks over pages whose counts do not add up, from the receipts of a crawl.
// A walk's pages may be in many segments, of several owners of its shard, so only all receipts together can tell.
import type { SegmentReceipt, WalkCounts } from "../model/segment.ts";

/** Walks of a source whose total is not what was read, and their records, put together. */
export type WalkGap = WalkCounts & { source: string; walks: number };

/** Adds up walks. Holds two numbers for each walk of more than one page. */
export class WalkTotals {
  readonly #sources = new Map<string, Map<string, WalkCounts>>();

  /** Of each committed segment once. */
  add({ walks }: Pick<SegmentReceipt, "walks">): void {
    for (const [source, counts] of Object.entries(walks ?? {})) {
      const known = this.#sources.get(source) ?? new Map<string, WalkCounts>();
      this.#sources.set(source, known);
      for (const [walk, { told, read }] of Object.entries(counts)) {
        const before = known.get(walk) ?? { told: 0, read: 0 };
        known.set(walk, { told: before.told + told, read: before.read + read });
      }
    }
  }

  /** One gap a source at most; means something once all pages are read. */
  gaps(): WalkGap[] {
    return [...this.#sources].flatMap(([source, known]) => {
      const gap = { source, walks: 0, told: 0, read: 0 };
      for (const { told, read } of known.values()) {
        if (told === read) continue;
        gap.walks += 1;
        gap.told += told;
        gap.read += read;
      }
      return gap.walks === 0 ? [] : [gap];
    });
  }
}

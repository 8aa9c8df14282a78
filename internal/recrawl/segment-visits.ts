// What a segment learned of a source's pages, in memory until the segment is saved: one small sorted file.
import type { Recrawl } from "../model/pipeline.ts";
import type { SeenPage } from "../model/seen-page.ts";
import { keyOf } from "./known-pages.ts";
import { type SeenLine, seenFileChunks } from "./seen-file.ts";
import { seenAfter, type Visit } from "./visits.ts";

type Limits = Pick<Recrawl, "minMs" | "maxMs">;

export class SegmentVisits {
  readonly #byUrl = new Map<string, { before: SeenPage | null; visit: Visit; limits: Limits }>();

  /** Notes a visit; a later one of the same URL counts. */
  add(before: SeenPage | null, visit: Visit, limits: Limits): void {
    this.#byUrl.set(visit.url, { before, visit, limits });
  }

  /** The file for a segment whose answers are in the raw file `raw`; null when nothing was learned. */
  async bytes(source: string, raw: string): Promise<Buffer | null> {
    const lines: SeenLine[] = [];
    for (const [url, { before, visit, limits }] of this.#byUrl) {
      const page = seenAfter(before, visit, limits, raw);
      if (page !== null) lines.push({ key: keyOf(source, url), json: JSON.stringify(page) });
    }
    if (lines.length === 0) return null;
    lines.sort((a, b) => (a.key < b.key ? -1 : 1));
    // Two URLs of one fingerprint are one to the frontier, too.
    const each = lines.filter(({ key }, i) => key !== lines[i - 1]?.key);
    const chunks: Buffer[] = [];
    for await (const chunk of seenFileChunks(each)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
}

// What the owner of a shard knows of its pages from earlier runs: a look-up by URL, and all of them once. On the pod's disk;
// in memory is an index of 0.4 bytes a URL.
import { hexOf } from "../frontier/fingerprint.ts";
import { linkFingerprint } from "../frontier/link-fingerprint.ts";
import type { FrontierLink } from "../model/link.ts";
import type { SeenPage } from "../model/seen-page.ts";
import type { Objects } from "../objects/objects.ts";
import { SeenFile } from "./seen-file.ts";
import { readPinned } from "./seen-state.ts";

type KnownSource = { file: SeenFile; whole: boolean };

export class KnownPages {
  readonly #sources: ReadonlyMap<string, KnownSource>;

  private constructor(sources: ReadonlyMap<string, KnownSource>) {
    this.#sources = sources;
  }

  /** What a run knows of a shard's pages of these sources. `scratch`: a folder for copies of what is in S3. */
  static async open(
    lake: Objects,
    token: string,
    shard: number,
    sources: readonly string[],
    scratch: string,
  ): Promise<KnownPages> {
    const known = new Map<string, KnownSource>();
    try {
      for (const source of sources) {
        const { pin, state } = await readPinned(lake, token, source);
        const ref = state?.files.find((file) => file.shard === shard);
        if (ref === undefined) continue;
        const file = await SeenFile.open(await lake.local(ref.path, scratch));
        known.set(source, { file, whole: pin.whole });
      }
    } catch (error) {
      await closeAll(known);
      throw error;
    }
    return new KnownPages(known);
  }

  /** Whether there is anything to know. */
  get isEmpty(): boolean {
    return this.#sources.size === 0;
  }

  /** The page of a link, or null. `whole`: it must not be asked for by its validators. */
  find(link: FrontierLink): { page: SeenPage; whole: boolean } | null {
    const known = link.kind === "page" ? this.#sources.get(link.source) : undefined;
    const json = known?.file.find(keyOf(link.source, link.url)) ?? null;
    return json === null
      ? null
      : { page: JSON.parse(json) as SeenPage, whole: known?.whole === true };
  }

  /** All of a source's pages, some hundred at a time. */
  async *pages(source: string): AsyncGenerator<SeenPage[]> {
    const known = this.#sources.get(source);
    if (known === undefined) return;
    for await (const lines of known.file.frames())
      yield lines.map(({ json }) => JSON.parse(json) as SeenPage);
  }

  async close(): Promise<void> {
    await closeAll(this.#sources);
  }
}

/** The key of a URL in the files of its source. */
export function keyOf(source: string, url: string): string {
  return hexOf(linkFingerprint({ source, url } as FrontierLink));
}

async function closeAll(sources: ReadonlyMap<string, KnownSource>): Promise<void> {
  for (const { file } of sources.values()) await file[Symbol.asyncDispose]();
}

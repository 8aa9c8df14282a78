// The frontier as it would be written if memory and time were nothing: arrays of objects. Tests hold the real one to it.

import type { QueuedLink } from "../../internal/frontier/shard-frontier.ts";
import type { FrontierLink } from "../../internal/model/link.ts";
import { authorityOf } from "../../internal/url/url.ts";

type ModelSource = {
  saved: number;
  inFlight: number;
  max: number;
  granted: number;
  movedMs: number;
  isRelaxed: boolean;
  open: FrontierLink[];
};
type ModelBand = { source: string; kind: string; rank: number; queued: QueuedLink[] };

const keyOf = (link: FrontierLink) => JSON.stringify([link.source, link.url, link.replay ?? 0]);
const levelOf = (link: FrontierLink) => (link.kind === "sitemap" ? 0 : link.depth);
const rankOf = ({ kind, priority, depth }: FrontierLink) => {
  if (kind === "sitemap") return 1;
  if (depth === 0) return priority === 0 ? 0 : 2;
  return 2 * depth + (priority === 2 ? 2 : 1);
};

export class FrontierModel {
  nowMs = 0;
  dropped = 0;
  readonly #seen = new Set<string>();
  readonly #hosts = new Map<string, ModelBand[]>();
  readonly #sources = new Map<string, ModelSource>();
  readonly #flying: FrontierLink[] = [];
  /** All that is not committed, in the order it came. */
  #live: FrontierLink[] = [];
  readonly #settled: FrontierLink[] = [];

  get pending(): number {
    const queued = [...this.#hosts.values()].flat().flatMap((band) => band.queued);
    return queued.length + this.#flying.length + this.#settled.length;
  }

  source(name: string): ModelSource {
    const most = Number.POSITIVE_INFINITY;
    const made = {
      saved: 0,
      inFlight: 0,
      max: most,
      granted: most,
      movedMs: this.nowMs,
      isRelaxed: false,
      open: [],
    };
    const source = this.#sources.get(name) ?? made;
    this.#sources.set(name, source);
    return source;
  }

  offer(link: FrontierLink): boolean {
    if (this.#seen.has(keyOf(link))) return false;
    this.#seen.add(keyOf(link));
    this.#move(link, 1);
    this.#live.push(link);
    this.#queue({ link, attempts: 0, calm: 0 }, "end");
    return true;
  }

  hasQueued(host: string): boolean {
    return this.#hosts.has(host);
  }

  take(host: string): QueuedLink | null {
    for (const band of [...(this.#hosts.get(host) ?? [])]) {
      const [first] = band.queued as [QueuedLink];
      const source = this.source(band.source);
      const isPage = band.kind === "page";
      if (isPage && source.saved >= source.max) {
        for (const { link } of band.queued.splice(0)) {
          this.#move(link, -1);
          this.#live = this.#live.filter((other) => other !== link);
          this.dropped += 1;
        }
        this.#forgetEmpty(host);
        continue;
      }
      if (isPage && !this.#mayStart(first.link, source)) continue;
      band.queued.shift();
      this.#forgetEmpty(host);
      this.#flying.push(first.link);
      if (isPage) source.inFlight += 1;
      return first;
    }
    return null;
  }

  putBack(entry: QueuedLink): void {
    this.#land(entry.link);
    this.#queue(entry, "front");
  }

  settle(link: FrontierLink, savedPage: boolean): void {
    this.#land(link);
    this.#move(link, -1);
    this.#settled.push(link);
    if (savedPage && link.kind === "page") this.source(link.source).saved += 1;
  }

  committed(count: number): void {
    const gone = this.#settled.splice(0, count);
    this.#live = this.#live.filter((link) => !gone.includes(link));
  }

  /** What another owner knows who starts from a snapshot of this one; `saved`: pages in committed segments, by source. */
  successor(saved: ReadonlyMap<string, number>): FrontierModel {
    const next = new FrontierModel();
    next.nowMs = this.nowMs;
    for (const [name, { max, granted }] of this.#sources)
      Object.assign(next.source(name), { max, granted, saved: saved.get(name) ?? 0 });
    for (const link of this.#live) next.offer(link);
    for (const key of this.#seen) next.#seen.add(key);
    return next;
  }

  #mayStart(link: FrontierLink, source: ModelSource): boolean {
    const used = source.saved + source.inFlight;
    return used < source.max && this.#isNext(link, source) && used < source.granted;
  }

  #isNext(link: FrontierLink, source: ModelSource): boolean {
    if (source.open.every((other) => levelOf(other) >= link.depth)) return true;
    if (this.nowMs - source.movedMs > 60_000) source.isRelaxed = true;
    return source.isRelaxed;
  }

  #move(link: FrontierLink, change: 1 | -1): void {
    if (link.kind === "api") return;
    const source = this.source(link.source);
    source.movedMs = this.nowMs;
    if (change === 1) source.open.push(link);
    else source.open = source.open.filter((other) => keyOf(other) !== keyOf(link));
    const isLevelDone = source.open.every((other) => levelOf(other) !== levelOf(link));
    if (change === -1 && isLevelDone) source.isRelaxed = false;
  }

  #land(link: FrontierLink): void {
    const at = this.#flying.findIndex((other) => keyOf(other) === keyOf(link));
    this.#flying.splice(at, 1);
    if (link.kind === "page") this.source(link.source).inFlight -= 1;
  }

  #queue(entry: QueuedLink, place: "end" | "front"): void {
    const { link } = entry;
    const host = authorityOf(link.url);
    const bands = this.#hosts.get(host) ?? [];
    this.#hosts.set(host, bands);
    const rank = rankOf(link);
    let band = bands.find(
      (each) => each.source === link.source && each.kind === link.kind && each.rank === rank,
    );
    if (band === undefined) {
      band = { source: link.source, kind: link.kind, rank, queued: [] };
      bands.push(band);
      bands.sort((a, b) => a.rank - b.rank);
    }
    if (place === "front") band.queued.unshift(entry);
    else band.queued.push(entry);
  }

  #forgetEmpty(host: string): void {
    const left = (this.#hosts.get(host) ?? []).filter((band) => band.queued.length > 0);
    if (left.length > 0) this.#hosts.set(host, left);
    else this.#hosts.delete(host);
  }
}

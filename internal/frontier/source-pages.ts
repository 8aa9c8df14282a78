// How far one source's crawl of a shard has come: its pages against the page cap, and its links by depth.
//
// A page waits until all that is less deep is settled, so the depth it was found at is its true one and `maxDepth` cuts
// exactly. When the less deep links have not moved for a minute (their host is blocked), deeper ones go ahead.

const patienceMs = 60_000;

export class SourcePages {
  readonly name: string;
  readonly #nowMs: () => number;
  /** Pages saved so far, by earlier owners too. */
  saved = 0;
  inFlight = 0;
  /** Pages that may be saved: what is queued beyond is dropped. */
  max = Number.POSITIVE_INFINITY;
  /** Pages that may be saved for now: what is queued beyond waits for more. */
  #granted = Number.POSITIVE_INFINITY;
  /** More should be asked for when no more than these are left of the grant. */
  #lead = -1;
  /** A page waits for a larger grant, or soon will. Whoever asks for one sets it back. */
  isShort = false;
  /** Links that are not settled yet, by depth; `#lowest` is the first depth that has some. */
  #levels: number[] = [];
  #lowest = 0;
  #movedMs: number;
  #isRelaxed = false;

  constructor(name: string, nowMs: () => number) {
    this.name = name;
    this.#nowMs = nowMs;
    this.#movedMs = nowMs();
  }

  /** Links that are not settled, by depth. */
  get levels(): readonly number[] {
    return this.#levels;
  }

  set levels(levels: readonly number[]) {
    this.#levels = [...levels];
    this.#lowest = 0;
    this.#findLowest();
  }

  get isFull(): boolean {
    return this.saved >= this.max;
  }

  get granted(): number {
    return this.#granted;
  }

  /** Small grants are used up before more is asked for: near the end of the cap others need what is left. */
  set granted(granted: number) {
    this.#granted = granted;
    const left = granted - this.used;
    this.#lead = left >= 8 && left < Number.POSITIVE_INFINITY ? left / 2 : -1;
  }

  /** Pages saved, and those in flight, which may be. */
  get used(): number {
    return this.saved + this.inFlight;
  }

  /** Whether links are left that are not settled. */
  get isLeft(): boolean {
    return this.#lowest < this.#levels.length;
  }

  /** Whether a page of this depth may be fetched now. */
  mayStart(depth: number): boolean {
    if (this.used >= this.max || !this.#isNext(depth)) return false;
    if (this.used < this.#granted) return true;
    this.isShort = true;
    return false;
  }

  /** A page is in flight. */
  start(): void {
    this.inFlight += 1;
    if (this.#granted - this.used <= this.#lead) this.isShort = true;
  }

  #isNext(depth: number): boolean {
    if (this.#lowest >= depth) return true;
    if (this.#nowMs() - this.#movedMs > patienceMs) this.#isRelaxed = true;
    return this.#isRelaxed;
  }

  /** `count` links of a depth were queued. */
  add(depth: number, count: number): void {
    while (this.#levels.length <= depth) this.#levels.push(0);
    this.#levels[depth] = (this.#levels[depth] as number) + count;
    if (depth < this.#lowest) this.#lowest = depth;
    this.#movedMs = this.#nowMs();
    this.#findLowest();
  }

  /** `count` links of a depth were settled or dropped. */
  remove(depth: number, count: number): void {
    const left = (this.#levels[depth] as number) - count;
    this.#levels[depth] = left;
    this.#movedMs = this.#nowMs();
    if (left === 0) this.#isRelaxed = false;
    this.#findLowest();
  }

  /** The depth behind the last one when there is none. */
  #findLowest(): void {
    while (this.#lowest < this.#levels.length && this.#levels[this.#lowest] === 0)
      this.#lowest += 1;
  }
}

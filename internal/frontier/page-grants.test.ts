import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Claim,
  enterClaim,
  type GrantBook,
  isReached,
  packBook,
  unpackBook,
} from "./page-grants.ts";

const claim = (shard: number, more: Partial<Claim> = {}): Claim => ({
  shard,
  token: 1,
  saved: 0,
  used: 0,
  held: 0,
  wish: "more",
  ...more,
});

describe("enterClaim", () => {
  test("gives large parts while much is free, and single pages at the end", () => {
    const book: GrantBook = new Map();
    const parts = [1, 2, 3].map((shard) => enterClaim(book, 1_000, claim(shard)));
    expect(parts).toEqual([250, 93, 54]);
    expect(enterClaim(new Map(), 3, claim(1))).toBe(1);
  });

  test("an owner that asks again for an answer that got lost gets what the book has", () => {
    const book: GrantBook = new Map([[1, { token: 1, granted: 9, saved: 0 }]]);
    expect(enterClaim(book, 100, claim(1, { held: 4, used: 4 }))).toBe(9);
  });

  test("an owner with an older lease changes nothing", () => {
    const book: GrantBook = new Map([[1, { token: 2, granted: 9, saved: 5 }]]);
    expect(enterClaim(book, 100, claim(1, { used: 1, wish: "return" }))).toBeNull();
    expect(book.get(1)).toEqual({ token: 2, granted: 9, saved: 5 });
  });

  test("a shard that has nothing to say makes no entry", () => {
    const book: GrantBook = new Map();
    expect(enterClaim(book, 100, claim(1, { wish: "none" }))).toBe(0);
    expect(book.size).toBe(0);
  });
});

test("a book is read as it was written", () => {
  const book: GrantBook = new Map([
    [3, { token: 17, granted: 9, saved: 5 }],
    [255, { token: 18, granted: 0, saved: 0 }],
  ]);
  expect(unpackBook(packBook(book))).toEqual(book);
});

/** A shard as its owner sees it: `left` pages it could fetch, `open` fetched and not committed, `held` granted. */
type Shard = {
  token: number;
  left: number;
  saved: number;
  open: number;
  held: number;
  isOver: boolean;
};
const used = ({ saved, open }: Shard) => saved + open;

class Crawl {
  readonly book: GrantBook = new Map();
  readonly cap: number;
  readonly shards: Shard[];

  constructor(cap: number, lefts: number[]) {
    this.cap = cap;
    this.shards = lefts.map((left) => ({
      token: 1,
      left,
      saved: 0,
      open: 0,
      held: 0,
      isOver: false,
    }));
  }

  /** `isLost`: it was entered, and the answer did not come. */
  claim(at: number, wish: Claim["wish"], isLost = false): void {
    const shard = this.shards[at] as Shard;
    if (wish === "return") shard.held = Math.min(shard.held, used(shard));
    const { token, saved, held } = shard;
    const granted = enterClaim(this.book, this.cap, {
      shard: at,
      token,
      saved,
      used: used(shard),
      held,
      wish,
    });
    if (isLost || granted === null) return;
    if (wish !== "return") shard.held = granted;
    if (!isReached(this.book, this.cap)) return;
    shard.left = 0;
    shard.isOver = true;
  }

  fetch(at: number): void {
    const shard = this.shards[at] as Shard;
    if (shard.left === 0 || used(shard) >= shard.held) return;
    shard.left -= 1;
    shard.open += 1;
  }

  commit(at: number): void {
    const shard = this.shards[at] as Shard;
    shard.saved += shard.open;
    shard.open = 0;
  }

  /** The next owner knows what is committed, and fetches the rest again. */
  crash(at: number): void {
    const shard = this.shards[at] as Shard;
    shard.left += shard.open;
    shard.open = 0;
    shard.held = 0;
    shard.token += 1;
    this.claim(at, "none");
  }

  play(what: Step, at: number, many: number): void {
    if (what === "fetch") for (let n = 0; n < many; n += 1) this.fetch(at);
    else if (what === "commit") this.commit(at);
    else if (what === "crash") this.crash(at);
    else if (what === "lost") this.claim(at, many % 2 ? "more" : "return", true);
    else this.claim(at, what);
  }

  /** One round in which every owner does all that it can. */
  round(): void {
    for (const [at, shard] of this.shards.entries()) {
      while (shard.left > 0 && used(shard) < shard.held) this.fetch(at);
      this.commit(at);
      this.claim(at, shard.left > 0 ? "more" : "return");
    }
  }

  get saved(): number {
    return this.shards.reduce((sum, shard) => sum + used(shard), 0);
  }

  get granted(): number {
    return [...this.book.values()].reduce((sum, { granted }) => sum + granted, 0);
  }
}

type Step = Claim["wish"] | "fetch" | "commit" | "crash" | "lost";
const often: Step[] = ["fetch", "fetch", "fetch", "commit", "more", "more"];
const step = fc.record({
  do: fc.constantFrom<Step>(...often, "return", "none", "crash", "lost"),
  at: fc.nat(),
  many: fc.integer({ min: 1, max: 20 }),
});

test("a cap is never overshot, and is reached exactly when there are enough pages, whatever crashes and gets lost", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.nat(60), { minLength: 1, maxLength: 12 }),
      fc.array(step, { maxLength: 120 }),
      (cap, lefts, steps) => {
        const crawl = new Crawl(cap, lefts);
        for (const { do: what, at, many } of steps) {
          const shard = at % lefts.length;
          crawl.play(what, shard, many);
          expect(crawl.saved).toBeLessThanOrEqual(cap);
          expect(crawl.granted).toBeLessThanOrEqual(cap);
        }
        // Bounded: in each round somebody gets or saves a page, gives some back, or learns that the cap is reached.
        const all = lefts.reduce((sum, left) => sum + left, 0);
        for (let n = 0; n < 2 * cap + 5 && crawl.shards.some(({ left }) => left > 0); n += 1)
          crawl.round();
        expect(crawl.shards.every(({ left }) => left === 0)).toBe(true);
        expect(crawl.saved).toBe(Math.min(cap, all));
      },
    ),
    { numRuns: 200 },
  );
});

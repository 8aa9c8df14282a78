// Holds the page caps of sources whose pages are in several shards, over all crawl pods of a run: once a tick it enters what
// the pod's owners use and want into the run's book of grants (page-grants.ts), one small state of the queue for each source,
// changed by compare-and-swap. While a cap is far away, grants are large, and there is seldom anything to say.
//
// A source's pages in a shard: held (nothing granted yet) -> granted -> over (the cap is reached: what is queued is dropped).
// Pages that have no grant wait, and the shard with them: what other shards do not need comes back when they have nothing to
// fetch, or could not for a while. Nobody waits for ever: when all wait, all that was granted is saved, and the cap reached.
//
// When the queue has lost the book, it starts from the receipts in the lake. What was granted since is not in these: only then
// a cap may be overshot, by what was in flight.
import { receiptFolder } from "../model/lake-paths.ts";
import type { SegmentReceipt } from "../model/segment.ts";
import type { Objects } from "../objects/objects.ts";
import type { Queue } from "../queue/queue.ts";
import { LostLease } from "../std/errors.ts";
import {
  type Claim,
  enterClaim,
  type GrantBook,
  isReached,
  packBook,
  unpackBook,
} from "./page-grants.ts";
import type { ShardOwner } from "./shard-owner.ts";

/** After this long without a page an owner gives back what it does not use: it has nothing to fetch, or cannot. */
const idleMs = 1_000;
const blockedMs = 10_000;

/** What is known of one source in one shard. `stated`: what the book says that is granted, and saved. */
type Share = {
  owner: ShardOwner;
  source: string;
  stated: { granted: number; saved: number } | null;
  isOver: boolean;
  used: number;
  sinceMs: number;
};
type Claimed = { share: Share; claim: Claim };
/** `key`: of the book. */
type Asked = { key: string; cap: number; claimed: Claimed[] };

/** The small state that has a source's book of grants; it goes with its run. */
export const grantsKey = (run: string, source: string) => `of-run/${run}/pages/${source}`;

export class PageCaps {
  readonly #queue: Pick<Queue, "changeState">;
  readonly #nowMs: () => number;
  readonly #shares = new WeakMap<ShardOwner, Share[]>();

  /** `nowMs`: a monotone clock. */
  constructor(queue: Pick<Queue, "changeState">, nowMs = () => performance.now()) {
    this.#queue = queue;
    this.#nowMs = nowMs;
  }

  /** One round, for all owners of the pod. One at a time. Throws what the queue and the lake throw; the next round goes on. */
  async settle(owners: Iterable<ShardOwner>): Promise<void> {
    const asked = new Map<string, Asked>();
    for (const owner of owners) {
      if (owner.openToken === null || owner.signal.aborted) continue;
      for (const share of this.#sharesOf(owner)) {
        const claim = this.#claimOf(share, owner.openToken);
        if (claim === null) continue;
        const key = grantsKey(owner.run.token, share.source);
        const cap = owner.sharedCaps[share.source] as number;
        const one = asked.get(key) ?? { key, cap, claimed: [] };
        asked.set(key, one);
        one.claimed.push({ share, claim });
      }
    }
    await Promise.all([...asked.values()].map((one) => this.#enter(one)));
  }

  #sharesOf(owner: ShardOwner): Share[] {
    const known = this.#shares.get(owner);
    if (known !== undefined) return known;
    const rest = { stated: null, isOver: false, used: 0, sinceMs: this.#nowMs() };
    const shares = Object.keys(owner.sharedCaps).map((source) => ({ owner, source, ...rest }));
    this.#shares.set(owner, shares);
    return shares;
  }

  /** What there is to say; null: nothing. */
  #claimOf(share: Share, token: number): Claim | null {
    if (share.isOver) return null;
    const { owner, source, stated } = share;
    const pages = owner.frontier.pagesOf(source);
    const saved = owner.committedPages(source);
    const { used, isLeft, isShort } = pages;
    const nowMs = this.#nowMs();
    if (used !== share.used) {
      share.used = used;
      share.sinceMs = nowMs;
    }
    const claim = { shard: owner.shard, token, saved, used, held: pages.granted };
    if (isShort || (stated === null && isLeft)) {
      pages.isShort = false;
      return { ...claim, wish: "more" };
    }
    if (stated === null) return { ...claim, wish: "none" };
    if (stated.granted > used && nowMs - share.sinceMs >= (isLeft ? blockedMs : idleMs)) {
      // Before the book says so: from then on others may have it.
      pages.granted = used;
      return { ...claim, held: used, wish: "return" };
    }
    // All that was granted is saved, which others may wait to hear.
    const isUsedUp = saved === stated.granted && saved !== stated.saved;
    return isUsedUp ? { ...claim, wish: "none" } : null;
  }

  async #enter({ key, cap, claimed }: Asked): Promise<void> {
    let fromReceipts: Uint8Array | null = null;
    for (;;) {
      let entered: { granted: (number | null)[]; isOver: boolean } | null = null;
      await this.#queue.changeState(key, (value) => {
        const data = value ?? fromReceipts;
        if (data === null) return null;
        const book = unpackBook(data);
        const granted = claimed.map(({ share, claim }) =>
          share.owner.signal.aborted ? 0 : enterClaim(book, cap, claim),
        );
        entered = { granted, isOver: isReached(book, cap) };
        const changed = packBook(book);
        return value !== null && Buffer.compare(value, changed) === 0 ? null : changed;
      });
      if (entered !== null) return take(claimed, entered);
      const { owner, source } = (claimed[0] as Claimed).share;
      fromReceipts = packBook(await savedInReceipts(owner.lake, owner.run.token, source));
    }
  }
}

function take(
  claimed: readonly Claimed[],
  { granted, isOver }: { granted: (number | null)[]; isOver: boolean },
): void {
  for (const [at, { share, claim }] of claimed.entries()) {
    const { owner, source } = share;
    const now = granted[at] as number | null;
    if (now === null) owner.abandon(new LostLease(`shard ${owner.shard} has another owner by now`));
    if (now === null || owner.signal.aborted) continue;
    share.stated = { granted: now, saved: claim.saved };
    share.isOver = isOver;
    const pages = owner.frontier.pagesOf(source);
    if (claim.wish !== "return") pages.granted = now;
    if (isOver) pages.max = now;
  }
}

/** Pages of a source in the receipts of a run, as what was granted and saved. */
async function savedInReceipts(lake: Objects, run: string, source: string): Promise<GrantBook> {
  const book: GrantBook = new Map();
  for await (const { path } of lake.list(receiptFolder(run, "crawl"))) {
    const { body } = await lake.get(path);
    const { shard, counts } = JSON.parse(body.toString("utf8")) as SegmentReceipt;
    const saved = (book.get(shard)?.saved ?? 0) + (counts[source]?.saved ?? 0);
    if (saved > 0) book.set(shard, { token: 0, granted: saved, saved });
  }
  return book;
}

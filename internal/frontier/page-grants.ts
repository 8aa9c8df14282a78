// How the pages that a source may save are shared between the shards of a run. Arithmetic only: page-caps.ts keeps the book.
//
// The book says of each shard what it was granted, what it has saved, and under which lease that was said. Always true:
// - Grants never sum up to more than the cap, and a shard saves no more than its grant.
// - A grant is the shard's, not its owner's: after a crash the next owner goes on with it.
// - Whoever has an older lease than the one in the book changes nothing.
// The cap is reached when the pages saved sum up to it: until then what others were granted may come back.

/** `token`: the fencing token of the lease; `saved`: pages in committed segments. */
export type ShardGrant = { token: number; granted: number; saved: number };
/** By shard. */
export type GrantBook = Map<number, ShardGrant>;

/** What an owner says of its shard, and wants. */
export type Claim = {
  shard: number;
  token: number;
  /** Pages in committed segments. */
  saved: number;
  /** Pages saved, committed or not, and in flight. */
  used: number;
  /** The grant that the owner knows of. */
  held: number;
  /** `return`: all that is not used; the owner must have ceased to count on it. */
  wish: "more" | "return" | "none";
};

/**
 * Enters a claim. Gives what the shard is granted now, or null when somebody took the shard over. A wish for more gets at
 * least one page while any is free, a large part while many are. Where the book has more than the owner knows of (an earlier
 * owner's, or an answer was lost), the wish is granted with that.
 */
export function enterClaim(book: GrantBook, cap: number, claim: Claim): number | null {
  const before = book.get(claim.shard);
  if (before !== undefined && before.token > claim.token) return null;
  const { token, saved, used, wish } = claim;
  let granted = Math.max(before?.granted ?? 0, claim.held, used);
  if (wish === "return") granted = used;
  else if (wish === "more" && granted <= Math.max(claim.held, used)) {
    let free = cap - granted;
    for (const [shard, other] of book) if (shard !== claim.shard) free -= other.granted;
    const shards = book.size + Number(before === undefined);
    if (free > 0) granted += Math.max(1, Math.floor(free / (4 * shards)));
  }
  if (before !== undefined || granted > 0) book.set(claim.shard, { token, granted, saved });
  return granted;
}

/** Whether so many pages are saved that no more may be. */
export function isReached(book: GrantBook, cap: number): boolean {
  let saved = 0;
  for (const each of book.values()) saved += each.saved;
  return saved >= cap;
}

/** JSON: a list of shard, token, granted, saved for each shard, one after the other. */
export function packBook(book: GrantBook): Uint8Array {
  const numbers = [...book].flatMap(([shard, { token, granted, saved }]) => [
    shard,
    token,
    granted,
    saved,
  ]);
  return Buffer.from(JSON.stringify(numbers));
}

/** The reverse of {@link packBook}. */
export function unpackBook(data: Uint8Array): GrantBook {
  const numbers = JSON.parse(Buffer.from(data).toString("utf8")) as number[];
  const book: GrantBook = new Map();
  for (let at = 0; at + 3 < numbers.length; at += 4) {
    const [shard, token, granted, saved] = numbers.slice(at, at + 4) as [
      number,
      number,
      number,
      number,
    ];
    book.set(shard, { token, granted, saved });
  }
  return book;
}

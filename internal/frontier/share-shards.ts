// Who should own which shard: every worker computes the same answer from the same two lists, without talking to the others.
// Rendezvous hashing (Thaler and Ravishankar 1998) with a load bound: a worker that comes or goes moves few shards, and no
// worker gets more than one shard more than another.
import { fingerprint } from "./fingerprint.ts";

/** Shard to worker. `workers` must not be empty; order and repeats in either list do not matter. */
export function shareShards(
  shards: readonly number[],
  workers: readonly string[],
): Map<number, string> {
  const names = [...new Set(workers)].sort();
  const numbers = [...new Set(shards)].sort((a, b) => a - b);
  const least = Math.floor(numbers.length / names.length);
  // So many workers get one more.
  let extra = numbers.length % names.length;
  const load = new Map<string, number>();
  const owners = new Map<number, string>();
  for (const shard of numbers) {
    let best: string | null = null;
    let bestWeight = -1;
    for (const name of names) {
      const has = load.get(name) ?? 0;
      if (has > least || (has === least && extra === 0)) continue;
      const weight = fingerprint(`${name}/${shard}`).hi;
      if (weight > bestWeight) {
        best = name;
        bestWeight = weight;
      }
    }
    if (best === null) throw new Error("share shards: there are no workers");
    owners.set(shard, best);
    const has = load.get(best) ?? 0;
    if (has === least) extra -= 1;
    load.set(best, has + 1);
  }
  return owners;
}

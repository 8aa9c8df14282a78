// Who should own which shard: every worker computes the same answer from the same two lists, without talking to the others.
// Rendezvous hashing (Thaler and Ravishankar 1998) with a load bound: a worker that comes or goes moves few shards, and no
// worker gets much more to do than another.
import { fingerprint } from "./fingerprint.ts";

/**
 * Shard to worker. `shards`: each with what it weighs, a whole number of 1 or more. Loads differ by less than twice the
 * heaviest shard; where all weigh 1, by one shard at most. `workers` must not be empty; order and repeats do not matter.
 */
export function shareShards(
  shards: ReadonlyMap<number, number>,
  workers: readonly string[],
): Map<number, string> {
  const names = [...new Set(workers)].sort();
  if (names.length === 0) throw new Error("share shards: there are no workers");
  // The heavy ones first: the light ones then fill up what they leave.
  const sorted = [...shards].sort(([a, weighs], [b, other]) => other - weighs || a - b);
  const total = sorted.reduce((sum, [, weight]) => sum + weight, 0);
  const least = Math.floor(total / names.length);
  // So many workers carry one more.
  let extra = total % names.length;
  const load = new Map(names.map((name) => [name, 0]));
  const owners = new Map<number, string>();
  for (const [shard, weight] of sorted) {
    const room = least + Number(extra > 0) - weight;
    let open = names.filter((name) => loadOf(load, name) <= room);
    if (open.length === 0) {
      const lightest = Math.min(...load.values());
      open = names.filter((name) => loadOf(load, name) === lightest);
    }
    const owner = dearest(open, shard);
    owners.set(shard, owner);
    const carries = loadOf(load, owner) + weight;
    if (carries === least + 1) extra -= 1;
    load.set(owner, carries);
  }
  return owners;
}

const loadOf = (load: ReadonlyMap<string, number>, name: string): number => load.get(name) ?? 0;

/** Of some workers, the one that a shard would rather have than any other. */
function dearest(names: readonly string[], shard: number): string {
  let best = names[0] as string;
  let bestRank = -1;
  for (const name of names) {
    const rank = fingerprint(`${name}/${shard}`).hi;
    if (rank > bestRank) {
      best = name;
      bestRank = rank;
    }
  }
  return best;
}

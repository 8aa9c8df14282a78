// Kills crawl workers and nats-server of a run at moments that the seed decides.
import type { Running } from "../run-onpoint.ts";
import { kill, until, victimsOf } from "../victims.ts";
import type { Random } from "./random.ts";

export type Strikes = {
  /** How many kills; each waits until there is something to kill. */
  count: number;
  /** Longest wait between two of them, in ms; the first comes when crawl processes run. */
  withinMs: number;
  /** One in so many hits nats-server, the others a crawl worker; 0: none. */
  natsEvery: number;
};

/** Resolves when all strikes are done or the run has ended; gives the roles that were hit. */
export async function strike(
  running: Running,
  folder: string,
  { count, withinMs, natsEvery }: Strikes,
  random: Random,
): Promise<string[]> {
  const killed: string[] = [];
  while (killed.length < count) {
    if (await until(running, random.below(withinMs))) return killed;
    const role = natsEvery > 0 && random.oneIn(natsEvery) ? "nats" : "crawl";
    const found = victimsOf(running, folder).filter((victim) => victim.role === role);
    if (found.length === 0) continue;
    const { pid } = random.pick(found);
    if (kill(pid)) killed.push(role);
  }
  return killed;
}

// Dead letters that somebody decided on: to be tried again, or dropped. Each decision is one file under the run's folder,
// `replay/<n>.json`; the dead letters themselves stay where they are.
import { receiptFolder, receiptPath } from "../model/lake-paths.ts";
import type { FrontierLink } from "../model/link.ts";
import { type Objects, PreconditionFailed } from "../objects/objects.ts";
import { readReceipts } from "./run-manifest.ts";

/** `ids` of dead letters that are settled by this decision; what of them is to be done again. */
export type Replay = { decidedAt: string; ids: string[]; links: FrontierLink[]; tasks: string[] };

/** All decisions on one generation of a run. */
export async function readReplays(lake: Objects, token: string): Promise<Replay[]> {
  const replays: Replay[] = [];
  for await (const { receipt } of readReceipts(lake, token, "replay"))
    replays.push(receipt as Replay);
  return replays;
}

/** Notes a decision. */
export async function writeReplay(lake: Objects, token: string, replay: Replay): Promise<void> {
  let n = 1;
  for await (const _ of lake.list(receiptFolder(token, "replay"))) n += 1;
  for (; ; n += 1) {
    const path = receiptPath(token, "replay", String(n).padStart(6, "0"));
    try {
      await lake.put(path, JSON.stringify(replay), { ifAbsent: true });
      return;
    } catch (error) {
      // Somebody else decided at the same time.
      if (!(error instanceof PreconditionFailed)) throw error;
    }
  }
}

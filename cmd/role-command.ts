// How a role process is started on this machine: the same program, by the same Node, from the checkout or from the package.
import { fileURLToPath } from "node:url";

const isBuilt = import.meta.url.endsWith(".js");

/** The folder of the checkout, or of the installed package. */
export const checkout = fileURLToPath(new URL(isBuilt ? "../.." : "..", import.meta.url));

// A crawl pod makes much that is dead when its page is: with more room for the young it is seldom copied. A process task makes
// large buffers out of small objects: V8 counts only those, so with less room for the young dead buffers are freed sooner.
const flags: Record<string, string[]> = {
  crawl: ["--max-semi-space-size=32"],
  process: ["--max-semi-space-size=4"],
  "process-task": ["--max-semi-space-size=4"],
};

/** Arguments of Node for a role. */
export function roleCommand(role: string, args: readonly string[]): string[] {
  const script = fileURLToPath(new URL(isBuilt ? "./onpoint.js" : "./onpoint.ts", import.meta.url));
  return ["--max-old-space-size=1024", ...(flags[role] ?? []), script, role, ...args];
}

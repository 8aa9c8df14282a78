// How a role process is started on this machine: the same program, by the same Node, from the checkout or from the package.
import { fileURLToPath } from "node:url";

const isBuilt = import.meta.url.endsWith(".js");

/** The folder of the checkout, or of the installed package. */
export const checkout = fileURLToPath(new URL(isBuilt ? "../.." : "..", import.meta.url));

/** Arguments of Node for a role. */
export function roleCommand(role: string, args: readonly string[]): string[] {
  const script = fileURLToPath(new URL(isBuilt ? "./onpoint.js" : "./onpoint.ts", import.meta.url));
  return ["--max-old-space-size=1024", script, role, ...args];
}

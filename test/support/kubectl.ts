// kubectl as a test calls it: of the cluster that KUBECONFIG names, in one namespace.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/** Runs kubectl with `input` on stdin and gives its stdout. Throws with its stderr when it fails. */
export async function kubectl(args: string[], input = ""): Promise<string> {
  const child = spawn("kubectl", args, { stdio: ["pipe", "pipe", "pipe"] });
  const closed = once(child, "close");
  const output = [text(child.stdout), text(child.stderr)] as const;
  child.stdin.end(input);
  const [code] = (await closed) as [number | null];
  const [stdout, stderr] = await Promise.all(output);
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}

/** Makes objects, or changes them to what is given; JSON is YAML. */
export function apply(namespace: string, ...items: object[]): Promise<string> {
  const list = { apiVersion: "v1", kind: "List", items };
  return kubectl(["apply", "--namespace", namespace, "--filename", "-"], JSON.stringify(list));
}

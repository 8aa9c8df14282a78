// One job in a process of its own: the memory it takes is gone with it, and its death is not ours.
import { describeError, Fatal, OutOfMemory, Permanent, RetryLater } from "../std/errors.ts";
import { type ChildCommand, type ChildEnd, startChild } from "./local-child.ts";

/** What a child says at its end; `afterMs`: of RetryLater. */
export type ChildAnswer<R> =
  | { kind: "result"; result: R }
  | { kind: "error"; name: string; text: string; afterMs: number };

/** An error as it travels to the parent. */
export function errorAnswer(error: unknown): ChildAnswer<never> {
  const name = error instanceof Error ? error.name : "Error";
  const afterMs = error instanceof RetryLater ? error.afterMs : 0;
  return { kind: "error", name, text: describeError(error), afterMs };
}

/**
 * Sends `job` to a new process and gives its result. `onLine`: of its output. Throws what the child threw, by its class;
 * OutOfMemory when it was killed, as the system does when memory runs out, or said so in dying; Error when it died otherwise;
 * the signal's reason, the child being killed, when aborted.
 */
export async function runInChild<R>(
  command: ChildCommand,
  job: object,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<R> {
  signal.throwIfAborted();
  const { promise, resolve } = Promise.withResolvers<ChildEnd>();
  let answer: ChildAnswer<R> | null = null;
  let lastLines: string[] = [];
  const child = startChild(command, {
    onLine(line) {
      lastLines = [...lastLines.slice(-20), line];
      onLine(line);
    },
    onMessage(message) {
      answer = message as ChildAnswer<R>;
    },
    onEnd: resolve,
  });
  const kill = () => child.kill("SIGKILL");
  signal.addEventListener("abort", kill);
  // A parent that must exit now leaves no child behind.
  process.on("exit", kill);
  // Where it could not be started or has died already, its end says so.
  if (child.connected) child.send(job, () => undefined);
  const end = await promise;
  signal.removeEventListener("abort", kill);
  process.off("exit", kill);
  signal.throwIfAborted();
  return resultOf(answer, end, lastLines);
}

function resultOf<R>(answer: ChildAnswer<R> | null, end: ChildEnd, lastLines: string[]): R {
  if (answer?.kind === "result") return answer.result;
  if (answer !== null) throw errorOf(answer);
  const how = end.code === null ? `was ended by ${end.signal}` : `exited with ${end.code}`;
  const said = lastLines.join(" | ");
  // 137 is 128 + SIGKILL, as a shell between us and it would say.
  const isKilled = end.signal === "SIGKILL" || end.code === 137;
  if (isKilled || /out of memory|bad_alloc/i.test(said))
    throw new OutOfMemory(`its process ${how}: most likely it had not enough memory`);
  throw new Error(`its process ${how}: ${said}`, { cause: end.failure });
}

function errorOf({ name, text, afterMs }: Extract<ChildAnswer<never>, { kind: "error" }>): Error {
  if (name === "OutOfMemory") return new OutOfMemory(text);
  if (name === "Permanent") return new Permanent(text);
  if (name === "Fatal") return new Fatal(text);
  if (name === "RetryLater") return new RetryLater(text, afterMs);
  return new Error(text);
}

// Moving small JSON objects that several writers change at once.
import { setTimeout as wait } from "node:timers/promises";
import { NotFound, type Objects, PreconditionFailed, type PutOptions } from "../objects/objects.ts";
import { Permanent, RetryLater } from "../std/errors.ts";
import { backoffMs } from "../std/pause.ts";

const roundsMax = 200;

/** The JSON at `path` and its etag; null when there is none. Throws Permanent when it is not JSON. */
export async function readJson(
  objects: Objects,
  path: string,
): Promise<{ value: unknown; etag: string } | null> {
  try {
    const { body, etag } = await objects.get(path);
    return { value: parseJson(body.toString("utf8"), path), etag };
  } catch (error) {
    if (error instanceof NotFound) return null;
    throw error;
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Permanent(`read "${path}": it is not JSON`, { cause: error });
  }
}

/** The text of a value as it is kept in the lake: indented, for people. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Writes; null when another writer was first, else the etag. */
export async function putUnlessLost(
  objects: Objects,
  path: string,
  text: string,
  options: PutOptions,
): Promise<string | null> {
  try {
    return (await objects.put(path, text, options)).etag;
  } catch (error) {
    if (error instanceof PreconditionFailed) return null;
    throw error;
  }
}

/**
 * Calls `round` until it gives something else than null, which means "lost a race". Somebody wins every round, so this
 * ends; after 200 rounds it throws RetryLater all the same.
 */
export async function untilWon<T>(what: string, round: () => Promise<T | null>): Promise<T> {
  for (let rounds = 0; rounds < roundsMax; rounds++) {
    const result = await round();
    if (result !== null) return result;
    await wait(backoffMs(rounds, 5, 500));
  }
  throw new RetryLater(`${what}: lost against other writers ${roundsMax} times`, 5_000);
}

// Finds the nats-server to run beside a pipeline on one machine, and checks that it is new enough.
import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { UsageError } from "../std/errors.ts";

const run = promisify(execFile);
const installHint = "Install it with `make tools` (it goes to .tools/bin of the checkout).";

/** `[major, minor, patch]` in the output of `nats-server --version` (`nats-server: v2.15.2`), or null. */
export function parseNatsVersion(output: string): [number, number, number] | null {
  const found = /nats-server:? v?(\d+)\.(\d+)\.(\d+)/.exec(output);
  return found === null ? null : [Number(found[1]), Number(found[2]), Number(found[3])];
}

/** Whether JetStream in this version does what the queue relies on: 2.14 or newer. */
export function isNewEnough([major, minor]: readonly [number, number, number]): boolean {
  return major > 2 || (major === 2 && minor >= 14);
}

/** Throws UsageError when `binary` cannot be run, is not nats-server, or is older than 2.14. */
export async function checkNatsBinary(binary: string): Promise<void> {
  let output: string;
  try {
    output = (await run(binary, ["--version"], { timeout: 10_000 })).stdout;
  } catch (error) {
    throw cannotRun(binary, error);
  }
  const version = parseNatsVersion(output);
  if (version === null) throw new UsageError("this is not nats-server", binary, installHint);
  if (!isNewEnough(version)) {
    const what = `nats-server is version ${version.join(".")}, onpoint needs 2.14 or newer`;
    throw new UsageError(what, binary, installHint);
  }
}

function cannotRun(binary: string, cause: unknown): UsageError {
  return new UsageError("nats-server cannot be run", binary, installHint, { cause });
}

/**
 * The nats-server of the checkout (`.tools/bin`), else the first good one on `path` (a PATH variable). Throws UsageError
 * when there is none of 2.14 or newer, naming the one that is too old.
 */
export async function findNatsServer(checkout: string, path: string | undefined): Promise<string> {
  const folders = [join(checkout, ".tools", "bin"), ...(path ?? "").split(delimiter)];
  let tooOld: UsageError | undefined;
  for (const folder of folders) {
    if (folder === "") continue;
    const binary = join(folder, "nats-server");
    if (!(await isExecutable(binary))) continue;
    try {
      await checkNatsBinary(binary);
      return binary;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      tooOld ??= error;
    }
  }
  throw tooOld ?? new UsageError("there is no nats-server", "PATH", installHint);
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

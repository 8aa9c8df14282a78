// Python's warcio, which `make warcio` installs: the judge of the WARC files we write.
import { execFile } from "node:child_process";
import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { checkout } from "./run-onpoint.ts";

const run = promisify(execFile);

/** A record as warcio reads it. `head`: the first line of its HTTP message; `headers` of it, with names in lower case. */
export type ReadRecord = {
  fields: Record<string, string>;
  head: string | null;
  headers: Record<string, string>;
  payload: Buffer;
};

/** Throws with what `warcio check` says when anything about the file is wrong. */
export async function checkWarc(file: string): Promise<void> {
  const { stdout } = await run(join(checkout, ".tools/bin/warcio"), ["check", file]);
  if (stdout.trim() !== "") throw new Error(stdout);
}

/** All records of a file, in their order. */
export async function readWarc(file: string): Promise<ReadRecord[]> {
  // Not the link of the venv's python itself: that would leave the venv.
  const python = join(dirname(await realpath(join(checkout, ".tools/bin/warcio"))), "python");
  const { stdout } = await run(python, [join(checkout, "test/support/read-warc.py"), file], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout
    .trim()
    .split("\n")
    .map((line) => {
      const record = JSON.parse(line) as Omit<ReadRecord, "payload"> & { payload: string };
      return { ...record, payload: Buffer.from(record.payload, "base64") };
    });
}

// A finished local file: what the lake must know of it, and where it goes.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";

/** `relative`: path below the table's folder in the lake. `partition`: columns and values, as in the path. */
export type WrittenFile = {
  local: string;
  relative: string;
  rows: number;
  sizeBytes: number;
  sha256: string;
  partition: Record<string, string>;
};

/** Measures a file: `sha256` in hex. */
export async function measured(
  local: string,
  relative: string,
  rows: number,
  partition: Record<string, string>,
): Promise<WrittenFile> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(local), hash);
  const { size } = await stat(local);
  return { local, relative, rows, sizeBytes: size, sha256: hash.digest("hex"), partition };
}

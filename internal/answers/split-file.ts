// JSON answers that are not held: read from a file, or from their compressed bytes, in one pass.
import { cutRecords } from "../process/byte-source.ts";
import type { PlainPath } from "./plain-path.ts";
import { JsonSplitter, type OnRecord } from "./split-json.ts";

/**
 * Tells of each record, and gives the frame (see `JsonSplitter`) and their number. `drained` is awaited between chunks. Throws AnswerFault when
 * it is no JSON, when it may already have told of records.
 */
export async function splitBytes(
  bytes: AsyncIterable<Buffer>,
  path: PlainPath,
  onRecord: OnRecord,
  drained: () => Promise<void>,
  signal: AbortSignal,
): Promise<{ frame: unknown; count: number }> {
  const splitter = new JsonSplitter(path, onRecord);
  await cutRecords(bytes, splitter.take, drained, signal);
  return { frame: splitter.end(), count: splitter.count };
}

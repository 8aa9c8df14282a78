// JSON answers that are not held: read from a file, or from their compressed bytes, in one pass.
import { cutRecords, type Join } from "../process/byte-source.ts";
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
  const join = inOneBuffer();
  await cutRecords(bytes, splitter.take, drained, signal, (rest, waiting) => {
    splitter.keepLast();
    return join(rest, waiting);
  });
  return { frame: splitter.end(), count: splitter.count };
}

/** Joins in a buffer that is used again: of new ones V8 would leave tens of megabytes before it frees them. */
function inOneBuffer(): Join {
  let buffer = Buffer.alloc(0);
  return (rest, waiting) => {
    const length = waiting.reduce((sum, chunk) => sum + chunk.length, rest.length);
    const target = length <= buffer.length ? buffer : Buffer.allocUnsafeSlow(2 * length);
    // The rest may stand in the same buffer, further behind.
    target.set(rest);
    let at = rest.length;
    for (const chunk of waiting) {
      target.set(chunk, at);
      at += chunk.length;
    }
    buffer = target;
    return target.subarray(0, length);
  };
}

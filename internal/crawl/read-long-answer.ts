// What the crawl must know of an API's answer that is too long to be held, read from the file that has it.
import { formatHeadBytes, formatOf } from "../answers/answer-format.ts";
import { AnswerFault } from "../answers/split-json.ts";
import { parseJsonExact } from "../extract/json-exact.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import type { ApiSource } from "../model/pipeline.ts";
import { compressionOf, headOf, type LocalFile } from "../process/byte-source.ts";
import { readAnswer } from "../process/read-answer.ts";
import { describeError, Permanent } from "../std/errors.ts";
import type { ApiAnswer } from "./api-answer.ts";
import type { RecordCollector } from "./collect-records.ts";
import type { LongBody } from "./long-body.ts";

/** So many links are made of the records of one answer at most: they are in memory together. */
const maxLinks = 200_000;

/** Tells `collector` of all records that can be read, if it needs them. */
export async function readLongAnswer(
  source: ApiSource,
  url: string,
  answer: Exchange,
  body: LongBody,
  collector: RecordCollector,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  const { maxBytes } = source.fetch.limits;
  if (answer.truncated)
    return { format: "json", error: `the answer is longer than limits.maxBytes (${maxBytes})` };
  const { path: local } = body;
  const file: LocalFile = { local, name: url, compression: await compressionOf(local) };
  const { head } = await headOf(file, formatHeadBytes);
  const label = { contentType: answer.headers["content-type"] ?? "", name: new URL(url).pathname };
  const format = formatOf(source.format, label, head);
  let document: unknown;
  let count = 0;
  const visitor = {
    starts: (frame: unknown) => {
      document = frame ?? undefined;
    },
    record: (_raw: Buffer, reason: unknown, json: () => Buffer) => {
      count += 1;
      if (collector.isNeeded) collector.add([reason === null ? parsed(json()) : null]);
      if (collector.links.length > maxLinks)
        throw new Permanent(`more than ${maxLinks} links follow from its records`);
    },
    drained: async () => {},
  };
  try {
    await readAnswer({ file, format, records: source.records }, visitor, signal);
    return { format, document, count, found: collector, error: null };
  } catch (error) {
    if (!(error instanceof AnswerFault || error instanceof Permanent)) throw error;
    const what = format.toUpperCase();
    return { format, error: `the answer is not ${what} (${describeError(error)})` };
  }
}

function parsed(json: Buffer): unknown {
  try {
    return parseJsonExact(json.toString("utf8"));
  } catch {
    // The process stage sets it aside.
    return null;
  }
}

// What the crawl must know of an API's answer that is too long to be held, or an archive.
import { type FoundFormat, formatHeadBytes, formatOf } from "../answers/answer-format.ts";
import { type AnswerPart, answerParts } from "../answers/answer-parts.ts";
import { AnswerFault } from "../answers/split-json.ts";
import { parseJsonExact } from "../extract/json-exact.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import type { ApiSource } from "../model/pipeline.ts";
import { headOf, type LocalFile } from "../process/byte-source.ts";
import { type AnswerVisitor, readAnswer } from "../process/read-answer.ts";
import { describeError, Permanent } from "../std/errors.ts";
import { newXmlLayout } from "../xml/xml-layout.ts";
import type { ApiAnswer } from "./api-answer.ts";
import type { RecordCollector } from "./collect-records.ts";

/** So many links are made of the records of one answer at most: they are in memory together. */
const maxLinks = 200_000;

/** `file`: the body of the answer, by its URL. `scratch`: a folder of the pod. */
export type LongAnswer = { answer: Exchange; file: LocalFile; scratch: string };

/** Tells `collector` of all records that can be read, if it needs them. */
export async function readLongAnswer(
  source: ApiSource,
  { answer, file, scratch }: LongAnswer,
  collector: RecordCollector,
  signal: AbortSignal,
): Promise<ApiAnswer> {
  const { records, namespaces } = source;
  const { maxBytes } = source.fetch.limits;
  if (answer.truncated)
    return { format: "json", error: `the answer is longer than limits.maxBytes (${maxBytes})` };
  const label = {
    contentType: answer.headers["content-type"] ?? "",
    name: new URL(file.name).pathname,
  };
  let format: FoundFormat | null = null;
  let isArchive = false;
  let fault: AnswerFault | null = null;
  const seen: Seen = { document: undefined, count: 0 };
  const visitor = visitorFor(collector, seen);
  const read = async (part: AnswerPart) => {
    if (part.fault !== null) throw part.fault;
    const { head } = await headOf(part.file, formatHeadBytes);
    format = formatOf(source.format, part.label, head);
    await readAnswer({ file: part.file, format, records, namespaces, layout }, visitor, signal);
  };
  const layout = newXmlLayout();
  let parts = 0;
  let faults = 0;
  try {
    for await (const part of answerParts(file, label, scratch)) {
      parts += 1;
      try {
        await read(part);
      } catch (error) {
        // The process stage sets the member aside: a text beside others that says what they are is no reason to lose them.
        if (!(error instanceof AnswerFault && part.member !== null)) throw error;
        fault ??= error;
        faults += 1;
      }
      isArchive = part.member !== null;
    }
    if (fault !== null && faults === parts) throw fault;
    const found = { count: seen.count, found: collector, error: null };
    if (isArchive) return { ...found, format: "zip", document: undefined };
    return { ...found, format: format ?? "json", document: seen.document };
  } catch (error) {
    if (!(error instanceof AnswerFault || error instanceof Permanent)) throw error;
    const what = format === null ? "cannot be read" : `is not ${upper(format)}`;
    return { format: format ?? "json", error: `the answer ${what} (${describeError(error)})` };
  }
}

type Seen = { document: unknown; count: number };

/** Tells `collector` of records only if it needs them: a long answer is then read once. */
function visitorFor(collector: RecordCollector, seen: Seen): AnswerVisitor {
  const { isNeeded } = collector;
  const counted = (records: number) => {
    seen.count += records;
  };
  return {
    starts(frame) {
      seen.document = frame ?? undefined;
    },
    record(_raw, reason, json) {
      seen.count += 1;
      if (isNeeded) collector.add([reason === null ? parsed(json()) : null]);
      if (collector.links.length > maxLinks)
        throw new Permanent(`more than ${maxLinks} links follow from its records`);
    },
    ...(isNeeded ? {} : { counted }),
    drained: async () => {},
  };
}

const upper = (format: FoundFormat) => format.toUpperCase();

function parsed(json: Buffer): unknown {
  try {
    return parseJsonExact(json.toString("utf8"));
  } catch {
    // The process stage sets it aside.
    return null;
  }
}

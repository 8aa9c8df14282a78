// The bodies of saved answers of an API: in the raw file, in an object of their own, or members of an archive.
import { formatHeadBytes, formatOf } from "../answers/answer-format.ts";
import { type AnswerPart, answerParts } from "../answers/answer-parts.ts";
import { AnswerFault } from "../answers/split-json.ts";
import { packingOf } from "../archive/unpack.ts";
import type { ApiSource } from "../model/pipeline.ts";
import type { RawRecord } from "../model/raw-record.ts";
import { newXmlLayout, type XmlLayout } from "../xml/xml-layout.ts";
import { compressionOf, headOf, type LocalFile } from "./byte-source.ts";
import { linesOf } from "./known-bodies.ts";
import { parseAnswer } from "./raw-to-rows.ts";
import { learnAnswer } from "./read-answer.ts";

/** Where bodies are, and what they are. `localOf`: a local file with the bytes of an object of the lake. `scratch`: a folder. */
export type AnswerBodies = {
  source: Pick<ApiSource, "format" | "records" | "namespaces">;
  localOf: (path: string) => Promise<string>;
  scratch: string;
};

export const hasRecords = ({ kind, status }: RawRecord) =>
  kind === "api" && status >= 200 && status < 300 && status !== 204;

/** The parts of an answer, as `answerParts` gives them. */
export async function* partsOf(
  answer: RawRecord,
  { localOf, scratch }: AnswerBodies,
): AsyncGenerator<AnswerPart, void, void> {
  const body = await bodyOf(answer, localOf);
  const label = { contentType: answer.content_type, name: new URL(answer.url).pathname };
  yield* answerParts(body, label, scratch);
}

async function bodyOf(
  { url, body, body_b64, body_file }: RawRecord,
  localOf: AnswerBodies["localOf"],
): Promise<LocalFile> {
  if (body_file !== undefined) {
    const local = await localOf(body_file);
    return { local, name: url, compression: await compressionOf(local) };
  }
  const held = body !== null ? Buffer.from(body) : Buffer.from(body_b64 ?? "", "base64");
  return { local: "", name: url, compression: packingOf(held), held };
}

/** What the rows of all XML answers of a batch of raw files look like; a child that is a list in one of them is one in all. */
export async function learnAnswers(
  inputs: readonly { local: string; name: string }[],
  bodies: AnswerBodies,
  signal: AbortSignal,
): Promise<XmlLayout> {
  const layout = newXmlLayout();
  for (const { local, name } of inputs) {
    const file = { local, name, compression: await compressionOf(local) };
    let line = 0;
    for await (const text of linesOf(file)) {
      line += 1;
      const answer = parseAnswer(text, file, line);
      if (hasRecords(answer)) await learnParts(answer, bodies, layout, signal);
    }
  }
  return layout;
}

async function learnParts(
  answer: RawRecord,
  bodies: AnswerBodies,
  layout: XmlLayout,
  signal: AbortSignal,
): Promise<void> {
  const { format, records, namespaces } = bodies.source;
  try {
    for await (const { file, label, fault } of partsOf(answer, bodies)) {
      if (fault !== null) continue;
      const { head } = await headOf(file, formatHeadBytes);
      if (formatOf(format, label, head) === "xml")
        await learnAnswer({ file, records, namespaces, layout }, signal);
    }
  } catch (error) {
    // Whoever reads it sets it aside.
    if (!(error instanceof AnswerFault)) throw error;
  }
}

// A fetcher for an API whose long answers are not held: their bodies go to the pod's disk and are read there, record by record,
// before the answer is weighed. So are ZIP archives of any length.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { isStreamed } from "../answers/document-paths.ts";
import { isZip } from "../archive/zip.ts";
import type { Exchange, Fetcher } from "../fetch/fetch-page.ts";
import type { Spill } from "../fetch/spill.ts";
import type { FrontierLink } from "../model/link.ts";
import type { ApiSource } from "../model/pipeline.ts";
import { compressionOf, type LocalFile } from "../process/byte-source.ts";
import { keepAnswer } from "./api-answer.ts";
import { RecordCollector } from "./collect-records.ts";
import { LongBody } from "./long-body.ts";
import { readLongAnswer } from "./read-long-answer.ts";

/** Longer bodies are spilled. */
const spillAboveBytes = 4 * 1024 * 1024;
const bodies = new WeakMap<Exchange, LongBody>();

const isHeldZip = ({ status, body }: Exchange) => status >= 200 && status < 300 && isZip(body);

/** `body`: null for an answer that is held. */
async function fileOf(
  name: string,
  { body: held }: Exchange,
  body: LongBody | null,
): Promise<LocalFile> {
  if (body === null) return { local: "", name, compression: "none", held };
  return { local: body.path, name, compression: await compressionOf(body.path) };
}

/** The body of an answer that was spilled. */
export function longBodyOf(answer: Exchange): LongBody | null {
  return bodies.get(answer) ?? null;
}

/** `close` must be called when what the answer means is settled: it deletes what was spilled. */
export type Spilling = { fetcher: Fetcher; close(): Promise<void> };

/** `scratch`: a folder of the pod. Answers of a source whose paths need the whole are held. */
export function spilling(
  fetcher: Fetcher,
  scratch: string,
  link: FrontierLink,
  source: ApiSource,
  children: readonly ApiSource[],
): Spilling {
  const isSpilled = isStreamed(source);
  let body: LongBody | null = null;
  const spill: Spill = {
    aboveBytes: spillAboveBytes,
    open: (events) => {
      body = new LongBody(join(scratch, `body-${randomUUID()}`), events);
      return body;
    },
  };
  const close = async () => {
    await body?.delete();
  };
  return {
    close,
    fetcher: {
      async fetch(url, asked, signal) {
        const answer = await fetcher.fetch(
          url,
          {
            ...asked,
            ...(isSpilled ? { spill } : {}),
          },
          signal,
        );
        if (body === null && !isHeldZip(answer)) return answer;
        if (body !== null) bodies.set(answer, body);
        const file = await fileOf(link.url, answer, body);
        const collector = new RecordCollector(link, source, children);
        keepAnswer(
          answer,
          await readLongAnswer(source, { answer, file, scratch }, collector, signal),
        );
        return answer;
      },
      addressOf: (...asked) => fetcher.addressOf(...asked),
      close: () => fetcher.close(),
    },
  };
}

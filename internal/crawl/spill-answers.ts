// A fetcher for an API whose long answers are not held: their bodies go to the pod's disk and are read there, record by record,
// before the answer is weighed.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { isStreamed } from "../answers/document-paths.ts";
import type { Exchange, Fetcher } from "../fetch/fetch-page.ts";
import type { FrontierLink } from "../model/link.ts";
import type { ApiSource } from "../model/pipeline.ts";
import { keepAnswer } from "./api-answer.ts";
import { RecordCollector } from "./collect-records.ts";
import { LongBody } from "./long-body.ts";
import { readLongAnswer } from "./read-long-answer.ts";

/** Longer bodies are spilled. */
const spillAboveBytes = 4 * 1024 * 1024;
const bodies = new WeakMap<Exchange, LongBody>();

/** The body of an answer that was spilled. */
export function longBodyOf(answer: Exchange): LongBody | null {
  return bodies.get(answer) ?? null;
}

/** `close` must be called when what the answer means is settled: it deletes what was spilled. */
export type Spilling = { fetcher: Fetcher; close(): Promise<void> };

/** `scratch`: a folder of the pod. A source whose paths need whole answers has the fetcher that is given. */
export function spilling(
  fetcher: Fetcher,
  scratch: string,
  link: FrontierLink,
  source: ApiSource,
  children: readonly ApiSource[],
): Spilling {
  if (!isStreamed(source)) return { fetcher, close: async () => {} };
  let body: LongBody | null = null;
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
            spill: {
              aboveBytes: spillAboveBytes,
              open: (events) => {
                body = new LongBody(join(scratch, `body-${randomUUID()}`), events);
                return body;
              },
            },
          },
          signal,
        );
        if (body === null) return answer;
        bodies.set(answer, body);
        const collector = new RecordCollector(link, source, children);
        keepAnswer(answer, await readLongAnswer(source, link.url, answer, body, collector, signal));
        return answer;
      },
      addressOf: (...asked) => fetcher.addressOf(...asked),
      close: () => fetcher.close(),
    },
  };
}

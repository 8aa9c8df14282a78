// What an answer of an API means beyond its status: errors that come with 200, and cursors that are no more. Pure.
import { recordsOf } from "../extract/json-records.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import type { QueuedLink } from "../frontier/shard-frontier.ts";
import type { ApiSource } from "../model/pipeline.ts";
import { redactText } from "../telemetry/redact.ts";
import { readApiAnswer } from "./api-answer.ts";
import { secretsOf } from "./source-secrets.ts";
import { weighAnswer } from "./weigh-answer.ts";

const excerptChars = 1_000;

/** A walk over pages is begun anew so often: an API whose cursors never last is not walked for ever. */
const maxWalks = 3;

/**
 * As {@link weighAnswer}; an error inside an answer (`failWhen`) is retried as a 5xx is, and then a dead letter. `isKeyed`: the
 * table has each record once, however often it is read, so a walk whose cursor expired may begin anew.
 */
export function weighApiAnswer(
  source: ApiSource,
  answer: Exchange,
  entry: QueuedLink,
  retries: number,
  nowMs: number,
  isKeyed: boolean,
): ReturnType<typeof weighAnswer> {
  const weighed = weighAnswer(answer, entry, retries, nowMs);
  const { page = 0, first, walk = 0 } = entry.link;
  if (answer.status === 410 && page > 0) {
    if (isKeyed && first !== undefined && walk < maxWalks)
      return { ...weighed, link: { kind: "anew" } };
    const why =
      walk > 0
        ? `, also after the walk was begun anew ${walk} times`
        : isKeyed
          ? ""
          : "; with a key of its table the walk would begin anew";
    const reason = `HTTP 410: the cursor of this page has expired${why}; a new run starts over`;
    return { ...weighed, link: { kind: "dead", reason } };
  }
  const failure = weighed.link.kind === "read" ? failureIn(source, entry.link.url, answer) : null;
  if (failure === null) return weighed;
  const isLast = entry.attempts >= retries;
  const attempts = entry.attempts + entry.calm + 1;
  const reason = `the answer is an error (failWhen), after ${attempts} attempts: ${failure}`;
  return {
    gate: { kind: "fault" },
    link: isLast ? { kind: "dead", reason } : { kind: "again", costs: true },
  };
}

/** What `failWhen` finds, shortened; null for nothing, or only null, false, 0, "" and empty lists. */
function failureIn(source: ApiSource, url: string, answer: Exchange): string | null {
  if (source.failWhen === null) return null;
  const read = readApiAnswer(source, url, answer);
  // What cannot be read, or has no place for errors, is reported where its records are read.
  if (read.error !== null || read.document === undefined) return null;
  const found = recordsOf(read.document, source.failWhen).filter(Boolean);
  if (found.length === 0) return null;
  return redactText(JSON.stringify(found[0]), secretsOf(source)).slice(0, excerptChars);
}

// The flight of a link: one visit, and what becomes of the link by it. A link that is taken from the frontier leaves this
// file settled or put back, or its owner is abandoned.

import { authorized } from "../auth/authorize.ts";
import type { Tokens } from "../auth/tokens.ts";
import { FetchFault } from "../fetch/fetch-fault.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import type { QueuedLink } from "../frontier/shard-frontier.ts";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { FrontierLink } from "../model/link.ts";
import type { Pipeline } from "../model/pipeline.ts";
import { childrenOf } from "../pipeline/chosen-sources.ts";
import type { RobotsEntry } from "../politeness/ask-robots.ts";
import type { Host } from "../politeness/host.ts";
import type { Elsewhere } from "./ask-elsewhere.ts";
import { askBody, askHeaders, askUrl, isNamed } from "./ask-source.ts";
import { wantsBodyOf } from "./keep-rules.ts";
import { askFor } from "./known-page.ts";
import type { Crawlable } from "./may-fetch.ts";
import { settleAsked, settleOutcome } from "./settle.ts";
import { bodyExcerpt } from "./source-secrets.ts";
import { spilling } from "./spill-answers.ts";
import { type VisitDeps, visit } from "./visit.ts";
import { type LinkOutcome, weighAnswer, weighFault } from "./weigh-answer.ts";
import { weighApiAnswer } from "./weigh-api-answer.ts";

/** `robots`: what is known of the robots.txt that allows it. */
export type LinkJob = {
  kind: "link";
  host: Host;
  owner: ShardOwner;
  entry: QueuedLink;
  source: Crawlable;
  pipeline: Pipeline;
  robots: RobotsEntry["state"] | "none";
};

export type LinkDeps = VisitDeps & {
  userAgent: string;
  tokens: Tokens;
  elsewhere: Pick<Elsewhere, "ask" | "leave">;
  /** A folder on the pod's own disk, for bodies that are too long to be held. */
  scratch: string;
};

/** Fetches a link. Gives the new links of the owner's own shard, which are queued already. */
export async function fetchLink(deps: LinkDeps, job: LinkJob): Promise<FrontierLink[]> {
  const { source, owner, pipeline } = job;
  const { link } = job.entry;
  if (source.kind !== "api" || link.kind !== "api") return fetchWith(deps, job);
  const children = childrenOf(pipeline, owner.run.only, source);
  const { fetcher, close } = spilling(deps.fetcher, deps.scratch, link, source, children);
  try {
    return await fetchWith({ ...deps, fetcher }, job);
  } finally {
    await close();
  }
}

async function fetchWith(
  deps: LinkDeps,
  { host, owner, entry, source, pipeline, robots }: LinkJob,
): Promise<FrontierLink[]> {
  const { link } = entry;
  const retries = pipeline.retries.crawl;
  const asking = askFor(owner, link, source, deps.clock.wallMs());
  const asked = {
    host,
    owner,
    source,
    url: askUrl(link, source),
    headers: { ...askHeaders(link, source, deps.userAgent), ...asking.headers },
    body: askBody(link, source),
    wantsBody: wantsBodyOf(link, source),
    robots,
  };
  const { auth } = source;
  const proof = isNamed(link, source) && link.kind !== "robots" ? auth : null;
  const { fetcher, used } = authorized(deps.fetcher, proof, deps.tokens, deps.clock);
  const visited = await visit({ ...deps, fetcher }, asked, (answer) => {
    if (answer instanceof FetchFault) return weighFault(answer, entry, retries);
    const nowMs = deps.clock.wallMs();
    const weighed =
      source.kind === "api"
        ? weighApiAnswer(source, answer, entry, retries, nowMs, hasKey(pipeline, source))
        : weighAnswer(answer, entry, retries, nowMs);
    const token = used();
    if (answer.status !== 401 || token === null || auth?.kind !== "oauth2") return weighed;
    deps.tokens.reject(auth, token);
    if (entry.renewed === true) return weighed;
    return { ...weighed, link: { kind: "again", costs: false, renewed: true } as LinkOutcome };
  });
  if (visited === null) {
    owner.frontier.putBack(entry);
    return [];
  }
  if (link.kind === "robots") {
    await deps.elsewhere.leave(owner, link, visited.answer);
    settleAsked(owner, link);
    return [];
  }
  const answer = visited.answer instanceof FetchFault ? null : visited.answer;
  const outcome = withBody(visited.weighed.link, answer, source, used());
  return settleOutcome(owner, entry, {
    source,
    children: childrenOf(pipeline, owner.run.only, source),
    answer,
    fetchedAt: new Date(visited.sentAtMs).toISOString(),
    userAgent: deps.userAgent,
    outcome,
    asking,
  });
}

const hasKey = ({ tables }: Pipeline, { table }: { table: string }) =>
  (tables[table]?.key ?? null) !== null;

/** APIs say in the body why they refuse. */
function withBody(
  outcome: LinkOutcome,
  answer: Exchange | null,
  source: Crawlable,
  token: string | null,
): LinkOutcome {
  const refuses = answer !== null && answer.status >= 400 && answer.status < 500;
  if (outcome.kind !== "dead" || !refuses || source.kind !== "api") return outcome;
  const text = bodyExcerpt(answer, source, token);
  return text === "" ? outcome : { kind: "dead", reason: `${outcome.reason}: ${text}` };
}

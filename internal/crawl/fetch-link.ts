// The flight of a link: one visit, and what becomes of the link by it. A link that is taken from the frontier leaves this
// file settled or put back, or its owner is abandoned.

import { FetchFault } from "../fetch/fetch-fault.ts";
import type { QueuedLink } from "../frontier/shard-frontier.ts";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { FrontierLink } from "../model/link.ts";
import type { RobotsEntry } from "../politeness/ask-robots.ts";
import type { Host } from "../politeness/host.ts";
import type { Elsewhere } from "./ask-elsewhere.ts";
import { askBody, askHeaders, askUrl } from "./ask-source.ts";
import { wantsBodyOf } from "./keep-rules.ts";
import { askFor } from "./known-page.ts";
import type { Crawlable } from "./may-fetch.ts";
import { settleAsked, settleOutcome } from "./settle.ts";
import { type VisitDeps, visit } from "./visit.ts";
import { weighAnswer, weighFault } from "./weigh-answer.ts";

/** `robots`: what is known of the robots.txt that allows it. `retries`: attempts beyond the first. */
export type LinkJob = {
  kind: "link";
  host: Host;
  owner: ShardOwner;
  entry: QueuedLink;
  source: Crawlable;
  robots: RobotsEntry["state"] | "none";
  retries: number;
};

export type LinkDeps = VisitDeps & {
  userAgent: string;
  elsewhere: Pick<Elsewhere, "ask" | "leave">;
};

/** Fetches a link. Gives the new links of the owner's own shard, which are queued already. */
export async function fetchLink(
  deps: LinkDeps,
  { host, owner, entry, source, robots, retries }: LinkJob,
): Promise<FrontierLink[]> {
  const { link } = entry;
  const asking = askFor(owner, link, source, deps.clock.wallMs());
  const fetchedAt = new Date(deps.clock.wallMs()).toISOString();
  const asked = {
    host,
    owner,
    source: link.source,
    url: askUrl(link, source),
    headers: { ...askHeaders(link, source, deps.userAgent), ...asking.headers },
    body: askBody(link, source),
    wantsBody: wantsBodyOf(link, source),
    robots,
  };
  const visited = await visit(deps, asked, (answer) =>
    answer instanceof FetchFault
      ? weighFault(answer, entry, retries)
      : weighAnswer(answer, entry, retries, deps.clock.wallMs()),
  );
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
  return settleOutcome(owner, entry, {
    source,
    answer,
    fetchedAt,
    userAgent: deps.userAgent,
    outcome: visited.weighed.link,
    asking,
  });
}

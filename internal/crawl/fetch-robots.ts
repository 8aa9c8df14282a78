// The flight of a robots.txt: its visits, redirects included, at the pace of the hosts that they lead to.

import { FetchFault } from "../fetch/fetch-fault.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import { NotSent } from "../fetch/not-sent.ts";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { FrontierLink } from "../model/link.ts";
import { askRobots, type RobotsAnswer, type RobotsEntry } from "../politeness/ask-robots.ts";
import type { Host } from "../politeness/host.ts";
import { originOf } from "../url/url.ts";
import { agentOf, productToken } from "./ask-source.ts";
import type { LinkDeps } from "./fetch-link.ts";
import { type Crawlable, robotsKey } from "./may-fetch.ts";
import { visit } from "./visit.ts";
import { weighAnswer, weighFault } from "./weigh-answer.ts";

/** The robots.txt that must be asked for before `link` of a source may be fetched. */
export type RobotsJob = {
  kind: "robots";
  host: Host;
  owner: ShardOwner;
  link: FrontierLink;
  source: Crawlable;
};

export type RobotsDeps = LinkDeps & {
  /** Calls `body` with the host of a URL, as soon as that may be asked. Rejects when the owner or the pod ends before. */
  turnAt: <T>(url: string, job: RobotsJob, body: (host: Host) => Promise<T>) => Promise<T>;
};

/** For visits that are no link's. */
const noEntry = { link: {} as FrontierLink, attempts: 0, calm: 0 };

/** Asks for robots.txt, and makes its host obey what it says. */
export async function fetchRobots(deps: RobotsDeps, job: RobotsJob): Promise<RobotsEntry> {
  const { host, owner, link, source } = job;
  const origin = originOf(link.url);
  const agent = agentOf(source, deps.userAgent);
  const headers = { "user-agent": agent };
  const key = robotsKey(origin, source);
  const weigh = (answer: Exchange | FetchFault) =>
    answer instanceof FetchFault
      ? weighFault(answer, noEntry, 0)
      : weighAnswer(answer, noEntry, 0, deps.clock.wallMs());
  const ask = async (url: string): Promise<RobotsAnswer | FetchFault> => {
    if (owner.shardOf(url) !== owner.shard)
      return deps.elsewhere.ask(owner, { url, source: source.name, via: `${origin}/robots.txt` });
    const visited = await deps
      .turnAt(url, job, (at) => {
        const asked = {
          host: at,
          owner,
          source,
          url,
          headers,
          robots: "none" as const,
        };
        return visit(deps, asked, weigh);
      })
      .catch((error: unknown) => {
        // A host on the way is deferred.
        if (error instanceof FetchFault) return { answer: error };
        throw error;
      });
    if (visited === null) throw new NotSent(`${url} was not asked for`);
    return visited.answer;
  };
  const tries = host.robots.get(key)?.tries ?? 0;
  const question = { origin, productToken: productToken(agent), tries };
  const entry = await askRobots(question, ask, () => deps.clock.steadyMs());
  host.robots.set(key, entry);
  const delayMs = entry.robots?.crawlDelayMs ?? null;
  // A longer one defers the source's links: nothing of it will be asked for.
  if (delayMs !== null && delayMs <= source.rate.maxCrawlDelayMs) host.obeyDelay(delayMs);
  return entry;
}

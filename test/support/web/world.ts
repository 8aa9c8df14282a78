// What a synthetic web consists of: types only. A world is plain data, made from its seed (make-world.ts), served by
// server.ts, and read by expected.ts, which says what a right crawl of it comes to.
import type { BodyForm, FaultName } from "./faults.ts";
import type { RuleSet } from "./robots-rules.ts";

/** An address without scheme and port: host name and canonical path with its query, as in `h0001.site-1.localhost/p-7?x=1`. */
export type Address = string;

export type WorldOptions = {
  seed: number;
  hosts: number;
  /** On average. */
  pagesPerHost: number;
  /** Hosts by registrable domain. */
  hostsPerSite: number;
  /** One page in so many has a fault; 0: none. */
  faultEvery: number;
  /** Faults and robots.txt states that cost tens of seconds or much memory too. */
  heavy: boolean;
  /** Retries of a link that the pipeline will have. */
  retries: number;
  /** `all`: robots.txt in every state. `fine`: only files that are there. `none`: no robots.txt. */
  robots: "all" | "fine" | "none";
  /** States of robots.txt that no host has. */
  without: readonly RobotsState[];
};

/**
 * How robots.txt of a host is. "404", "403", "empty", "html", "too many redirects": everything is allowed. "for ever": it
 * can never be had, so nothing may be asked for. "twice": the first two answers only.
 */
export type RobotsState =
  | "404"
  | "403"
  | "empty"
  | "html"
  | "rules"
  | "rules after a mark"
  | "rules in CR"
  | "huge"
  | "gzip"
  | "slow"
  | "delay"
  | "closed"
  | "503 twice"
  | "429 once"
  | "reset twice"
  | "500 for ever"
  | "429 for ever"
  | "reset for ever"
  | "no answer for ever"
  | "redirect"
  | "five redirects"
  | "redirect to a neighbour"
  | "redirect to another site"
  | "too many redirects";

export type Host = {
  name: string;
  robots: RobotsState;
  rules: RuleSet;
  /** Crawl-delay, in ms, or 0. */
  delayMs: number;
  /** Where robots.txt redirects to. */
  robotsAt: Address | null;
  sitemaps: Sitemap[];
  /** Sitemaps are named by robots.txt; else the first is at the usual place. */
  namesSitemaps: boolean;
};

export type Sitemap = {
  path: string;
  form: "urlset" | "index" | "gzip" | "text" | "rss" | "atom" | "html" | "missing";
  /** Pages, or for an index paths of sitemaps on the same host. */
  entries: Address[];
};

export type Page = {
  host: string;
  path: string;
  kind: "html" | "text" | "json" | "pdf" | "redirect";
  form: BodyForm;
  links: Address[];
  /** A folder of the host against which hrefs are resolved, or null. */
  base: string | null;
  /** Where a redirect leads: null is nowhere (a scheme that is not crawled). */
  to: Address | null;
  redirectStatus: number;
  /** Shows for the first `times` requests; Infinity: for ever. */
  fault: { name: FaultName; times: number } | null;
  /** By robots.txt. */
  forbidden: boolean;
  /** What the page itself says to crawlers, in a meta element or a header. */
  says: Wish | null;
  /** One of a series without end that a crawler is to notice by its address alone, and leave out. */
  trap: boolean;
};

export type Wish = { by: "meta" | "header"; directives: "noindex" | "nofollow" | "none" };

export type World = {
  options: WorldOptions;
  hosts: Map<string, Host>;
  pages: Map<Address, Page>;
  seeds: Address[];
  /** Answers of robots.txt redirects: address to the host whose rules are there. */
  movedRobots: Map<Address, string>;
};

export const smallWorld: WorldOptions = {
  seed: 1,
  hosts: 40,
  pagesPerHost: 12,
  hostsPerSite: 3,
  faultEvery: 9,
  heavy: false,
  retries: 3,
  robots: "all",
  without: [],
};

/** The address's URL in its canonical form. */
export function urlOf(address: Address, port: number): string {
  const slash = address.indexOf("/");
  return `http://${address.slice(0, slash)}:${port}${address.slice(slash)}`;
}

/** Whether a host's robots.txt can never be had, so that no page of it may be asked for (RFC 9309 section 2.3.1.4). */
export function isDown({ robots }: Host): boolean {
  return robots.endsWith("for ever");
}

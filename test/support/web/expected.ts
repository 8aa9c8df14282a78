// What a right crawl of a world comes to, worked out from the plan of the world alone: nothing of onpoint's code is used.
import { faults } from "./faults.ts";
import { type Address, isDown, type Page, type World } from "./world.ts";

export type Expected = {
  /** Pages that must be in the table, each once, with the depth at which they are found. */
  pages: Map<Address, number>;
  /** What must be a dead letter, and what its reason says. */
  dead: Map<Address, RegExp>;
  /** Reached by links, but forbidden by robots.txt: never to be asked for. */
  forbidden: Set<Address>;
  /** All that may be asked for, besides robots.txt: pages, redirects, sitemaps, dead ends; with the least number of requests. */
  requests: Map<Address, number>;
};

export type CrawlLimits = { maxDepth: number; retries: number };

const maxRedirects = 10;

/** An address at its depth, and the redirects that led to it. */
type Found = { address: Address; chain: Address[] };

/** The crawl from the seeds over every host there is (`within: any`). */
export function expectedCrawl(world: World, { maxDepth, retries }: CrawlLimits): Expected {
  const expected: Expected = {
    pages: new Map(),
    dead: new Map(),
    forbidden: new Set(),
    requests: new Map(),
  };
  const seen = new Set<Address>();
  // Breadth first: a level is what is found at one depth; a redirect leads on within it.
  let level = world.seeds.map(found);
  let next = listedPages(world, expected).map(found);
  for (let depth = 0; depth <= maxDepth; depth += 1) {
    for (const each of level) {
      if (seen.has(each.address)) continue;
      seen.add(each.address);
      const page = world.pages.get(each.address);
      if (page === undefined)
        throw new Error(`a link leads to ${each.address}, which is not there`);
      if (!visit(world, expected, each.address, page, retries)) continue;
      if (page.kind === "redirect") follow(expected, each, page, level);
      else next.push(...read(expected, each, page, depth).map(found));
    }
    [level, next] = [next, []];
  }
  return expected;
}

const found = (address: Address): Found => ({ address, chain: [] });

/** Counts a page's requests; gives whether it is answered in the end. */
function visit(
  world: World,
  expected: Expected,
  address: Address,
  page: Page,
  retries: number,
): boolean {
  const host = world.hosts.get(page.host);
  if (host !== undefined && isDown(host)) {
    expected.dead.set(address, /robots\.txt .*cannot be had/);
    return false;
  }
  if (page.trap) return false;
  if (page.forbidden) {
    expected.forbidden.add(address);
    return false;
  }
  const times = page.fault?.times ?? 0;
  if (page.fault !== null && times === Number.POSITIVE_INFINITY) {
    const { cost, reason } = faults[page.fault.name];
    expected.dead.set(address, reason);
    expected.requests.set(address, cost === "retry" ? retries + 1 : 1);
    return false;
  }
  expected.requests.set(address, times + 1);
  return true;
}

/** Keeps a page unless it does not want that; gives what it leads to. */
function read({ pages }: Expected, { address }: Found, page: Page, depth: number): Address[] {
  const wish = page.says?.directives;
  if (wish !== "noindex" && wish !== "none") pages.set(address, depth);
  return wish === "nofollow" || wish === "none" ? [] : page.links;
}

function follow({ dead }: Expected, from: Found, page: Page, level: Found[]): void {
  const { address, chain } = from;
  if (page.to === null || page.to === address) dead.set(address, /leads nowhere/);
  else if (chain.includes(page.to)) dead.set(address, /in a loop/);
  else if (chain.length === maxRedirects) dead.set(address, /more than 10 redirects/);
  else level.push({ address: page.to, chain: [...chain, address] });
}

/** Pages that the sitemaps of the seeds' hosts name, and the requests for the sitemaps themselves. */
function listedPages(world: World, { dead, requests }: Expected): Address[] {
  const listed: Address[] = [];
  for (const seed of world.seeds) {
    const host = world.hosts.get(seed.slice(0, -1));
    if (host === undefined || isDown(host)) continue;
    const byAddress = new Map(host.sitemaps.map((sitemap) => [host.name + sitemap.path, sitemap]));
    const usual = `${host.name}/sitemap.xml`;
    if (!host.namesSitemaps && host.robots !== "closed") requests.set(usual, 1);
    // The last one is the one that is named or stands at the usual place.
    const queue = [...byAddress.keys()].slice(-1);
    for (let at = 0; at < queue.length; at += 1) {
      const address = queue[at] as Address;
      const sitemap = byAddress.get(address);
      requests.set(address, 1);
      if (sitemap === undefined || sitemap.form === "missing") dead.set(address, /HTTP 404/);
      else if (sitemap.form === "index") queue.push(...sitemap.entries);
      else listed.push(...sitemap.entries);
    }
  }
  return listed;
}

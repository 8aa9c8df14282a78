// A world from its seed: hosts, pages, sitemaps, and where a crawl of it begins.
import { makeHosts } from "./make-hosts.ts";
import { makePages } from "./make-pages.ts";
import { type Random, randomOf } from "./random.ts";
import {
  type Address,
  type Host,
  isDown,
  type Page,
  type Sitemap,
  type World,
  type WorldOptions,
} from "./world.ts";

/** The same options give the same world. */
export function makeWorld(options: WorldOptions): World {
  const hosts = makeHosts(options);
  const pages = makePages(options, hosts);
  const random = randomOf(options.seed, "seeds");
  const seeds = [...hosts.keys()]
    .filter((_, n) => n === 0 || random.oneIn(5))
    .map((name) => `${name}/`);
  for (const seed of seeds) addSitemaps(hosts.get(seed.slice(0, -1)) as Host, pages, random);
  const movedRobots = new Map<Address, string>();
  for (const host of hosts.values()) {
    if (host.robotsAt !== null) movedRobots.set(host.robotsAt, host.name);
  }
  return { options, hosts, pages, seeds, movedRobots };
}

/** Sitemaps of a host with a seed; each names pages that nothing else leads to. */
function addSitemaps(host: Host, pages: Map<Address, Page>, random: Random): void {
  if (isDown(host) || host.robots === "closed" || random.oneIn(4)) return;
  host.namesSitemaps = host.rules.lines.length > 2 && random.oneIn(2);
  const forms = ["urlset", "urlset", "gzip", "text", "rss", "atom", "html"] as const;
  const add = (path: string, form: Sitemap["form"], entries: Address[]) =>
    host.sitemaps.push({ path, form, entries });
  const addList = (path: string, n: number) => {
    const form = random.pick(forms);
    // The page of an error lists nothing.
    add(path, form, form === "html" ? [] : makeListed(host, n, pages, random));
    return host.name + path;
  };
  if (random.oneIn(2)) {
    addList(host.namesSitemaps ? "/maps/0.xml" : "/sitemap.xml", 0);
    return;
  }
  const parts = [1, 2].map((n) => addList(`/maps/part-${n}.xml`, n));
  if (random.oneIn(3)) {
    add("/maps/missing.xml", "missing", []);
    parts.push(`${host.name}/maps/missing.xml`);
  }
  add(host.namesSitemaps ? "/maps/all.xml" : "/sitemap.xml", "index", parts);
}

function makeListed(
  host: Host,
  part: number,
  pages: Map<Address, Page>,
  random: Random,
): Address[] {
  const first = pages.get(`${host.name}/`) as Page;
  return Array.from({ length: 1 + random.below(4) }, (_, n) => {
    const path = `/listed/${part}-${n}?a=1&b=2`;
    pages.set(host.name + path, { ...first, path, form: "plain", links: [], base: null });
    return host.name + path;
  });
}

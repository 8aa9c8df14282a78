// Hosts of a world: names, and how their robots.txt are.
import { type Random, randomOf } from "./random.ts";
import { closed, open, type RuleSet, ruleSets } from "./robots-rules.ts";
import type { Host, RobotsState, WorldOptions } from "./world.ts";

/** The states that give rules; the others give none. */
const withRules: ReadonlySet<RobotsState> = new Set([
  "rules",
  "rules after a mark",
  "rules in CR",
  "huge",
  "gzip",
  "slow",
  "delay",
  "503 twice",
  "429 once",
  "reset twice",
  "redirect",
  "five redirects",
  "redirect to a neighbour",
  "redirect to another site",
]);
const fine: readonly RobotsState[] = ["404", "empty", "rules", "rules after a mark", "rules in CR"];
const all: readonly RobotsState[] = [
  ...fine,
  ...["rules", "403", "html", "huge", "gzip", "slow", "delay", "closed"],
  ...["503 twice", "429 once", "reset twice", "500 for ever", "reset for ever"],
  ...[
    "redirect",
    "five redirects",
    "redirect to a neighbour",
    "redirect to another site",
    "too many redirects",
  ],
] as readonly RobotsState[];
const heavy: readonly RobotsState[] = ["429 for ever", "no answer for ever"];

/** Hosts by name, several to a registrable domain. The first is fine: the crawl begins there. */
export function makeHosts(options: WorldOptions): Map<string, Host> {
  const random = randomOf(options.seed, "hosts");
  const names = Array.from({ length: options.hosts }, (_, n) => nameOf(n, options.hostsPerSite));
  const known = options.robots === "fine" ? fine : [...all, ...(options.heavy ? heavy : [])];
  const states = known.filter((state) => !options.without.includes(state));
  // Every state comes up before one comes up again.
  let left: RobotsState[] = [];
  const nextState = (): RobotsState => {
    if (left.length === 0) left = [...states];
    return left.splice(random.below(left.length), 1)[0] as RobotsState;
  };
  return new Map(
    names.map((name, n) => {
      const robots = n === 0 ? "rules" : options.robots === "none" ? "404" : nextState();
      return [name, makeHost(name, robots, names, options.hostsPerSite, n, random)];
    }),
  );
}

function nameOf(n: number, hostsPerSite: number): string {
  return `h${String(n).padStart(4, "0")}.site-${Math.floor(n / hostsPerSite)}.localhost`;
}

function makeHost(
  name: string,
  robots: RobotsState,
  names: readonly string[],
  hostsPerSite: number,
  n: number,
  random: Random,
): Host {
  return {
    name,
    robots,
    rules: rulesOf(robots, random),
    delayMs: robots === "delay" ? random.pick([500, 1_000, 1_500]) : 0,
    robotsAt: robotsAt(name, robots, names, hostsPerSite, n, random),
    sitemaps: [],
    namesSitemaps: false,
  };
}

function rulesOf(robots: RobotsState, random: Random): RuleSet {
  if (robots === "closed") return closed;
  return withRules.has(robots) ? random.pick(ruleSets) : open;
}

function robotsAt(
  name: string,
  robots: RobotsState,
  names: readonly string[],
  hostsPerSite: number,
  n: number,
  random: Random,
): string | null {
  if (!robots.includes("redirect")) return null;
  const site = Math.floor(n / hostsPerSite) * hostsPerSite;
  const neighbours = names.slice(site, site + hostsPerSite);
  const others = names.filter((_, m) => m < site || m >= site + hostsPerSite);
  const at =
    robots === "redirect to a neighbour"
      ? random.pick(neighbours)
      : robots === "redirect to another site" && others.length > 0
        ? random.pick(others)
        : name;
  return `${at}/robots-of/${name}.txt`;
}

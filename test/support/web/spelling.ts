// The many ways in which a page may write one and the same address. What they all mean is the canonical URL, which the world
// knows beforehand.
import type { Random } from "./random.ts";

/** Where a link stands and where it leads: host names without the port, paths with their query, canonical. */
export type Way = { host: string; path: string; toHost: string; toPath: string; port: number };

/** An href whose meaning, on the page of `way` (or below `base`, a folder of its host), is the address it leads to. */
export function spell(way: Way, base: string | null, random: Random): string {
  const { host, toHost, toPath, port } = way;
  if (host !== toHost)
    return dress(random.pick([absolute, withoutScheme])(toHost, toPath, port), random);
  const relative = relativeTo(base ?? way.path, toPath);
  const plain = random.pick([
    absolute(toHost, toPath, port),
    withoutScheme(toHost, toPath, port),
    toPath,
    relative,
  ]);
  return dress(plain, random);
}

function absolute(host: string, path: string, port: number): string {
  return `http://${host}:${port}${path}`;
}

function withoutScheme(host: string, path: string, port: number): string {
  return `//${host}:${port}${path}`;
}

/** From the folder of `from`, by `../`, or by nothing when both are in one folder. */
export function relativeTo(from: string, to: string): string {
  const here = (from.split("?")[0] as string).split("/").slice(1, -1);
  const there = to.split("?")[0]?.split("/").slice(1) ?? [];
  let same = 0;
  while (same < here.length && same < there.length - 1 && here[same] === there[same]) same += 1;
  const up = "../".repeat(here.length - same);
  const query = to.includes("?") ? to.slice(to.indexOf("?")) : "";
  const down = there.slice(same).join("/") + query;
  // An empty reference would be the page itself, and a colon in the first segment a scheme.
  return up + down === "" || /^[^/]*:/.test(down) ? `./${up}${down}` : up + down;
}

type Dress = (href: string) => string;

/** Changes that no URL parser minds (WHATWG URL 4.4 and 4.5), or that RFC 3986 section 6.2.2 calls equivalent. */
const dresses: readonly Dress[] = [
  (href) => href,
  (href) => href,
  (href) => `${href}#part-2`,
  (href) => `${href}#`,
  (href) => ` \n${href}\t `,
  (href) => href.replace(/^http:/, "HTTP:"),
  (href) => href.replace(/^((?:http:)?\/\/)(h\d+)/, (_, start, name) => start + name.toUpperCase()),
  (href) => href.replace(/\.localhost:/, ".localhost.:"),
  (href) => (href.includes("?") ? href : `${href}?`),
  (href) => `${href}${href.includes("?") ? "&" : "?"}utm_source=here&utm_medium=link`,
  (href) => (href.includes("?") ? href.replace("?", "?gclid=Ab-9&") : href),
  (href) => href.replace(/(\d)$/, (digit) => `%3${digit}`),
  (href) => href.replace(/%[0-9A-F]{2}/g, (octet) => octet.toLowerCase()),
  (href) => href.replace(/([a-z])([a-z]\/)/, "$1\n$2"),
  (href) => (/^\/[^/]/.test(href) ? `/x/y/../..${href}` : href),
  (href) => (/^\/[^/]/.test(href) ? `/.${href}` : href),
  (href) => href.replace(/^((?:http:)?\/\/[^/]+)\//, "$1/up/%2e%2E/"),
  (href) => (href.startsWith("http:") && !href.includes("?") ? href.replaceAll("/", "\\") : href),
];

function dress(href: string, random: Random): string {
  return random.pick(dresses)(href);
}

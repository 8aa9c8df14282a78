// Resolves the links of one page: the same answers as `canonicalUrl`, without parsing those that need none.
import { isPlainAuthority, readQuery, readTail, schemeLength, type Tail } from "./plain-url.ts";
import { canonicalUrl, originEnd } from "./url.ts";
import { neutralRules, type UrlRules } from "./url-rules.ts";

/** The canonical form of a link's text by the page's base and the source's rules; null when it is no http or https URL. */
export type UrlResolver = (text: string) => string | null;

type Base = {
  /** The base itself, by the rules. */
  own: string;
  isHttps: boolean;
  /** `https://host:port`; the path without its query, and without its last segment, both with the origin before them. */
  origin: string;
  path: string;
  folder: string;
  /** The path has a character that parameters of a segment begin with. */
  hasMarker: boolean;
};

/** A resolver for links relative to `base`, any URL. Equals `rules.exact(text, base)` for every text. */
export function resolverOf(base: string, rules: UrlRules = neutralRules): UrlResolver {
  const url = canonicalUrl(base);
  if (url === null) return (text) => rules.exact(text, base);
  const parts = partsOf(url, rules);
  const tail: Tail = { end: 0, hasQuery: false, hasMarker: false };
  return (text) => {
    const plain = plainUrl(text, parts, tail);
    if (plain === null || (rules.keepsRoutes && isRoute(text, tail.end)))
      return rules.exact(text, base);
    if (plain === "") return null;
    return rules.apply(plain, tail.hasQuery, tail.hasMarker);
  };
}

/** Whether what follows `at` in a URL may be a fragment that names a page: `#/route` or `#!route`. */
function isRoute(text: string, at: number): boolean {
  if (text.charCodeAt(at) !== 0x23) return false;
  const next = text.charCodeAt(at + 1);
  // Tabs and line ends are not there for the parser.
  return next === 0x2f || next === 0x21 || next <= 0x20;
}

function partsOf(url: string, rules: UrlRules): Base {
  const queryAt = url.indexOf("?");
  const path = queryAt < 0 ? url : url.slice(0, queryAt);
  return {
    own: rules.apply(url, true, true),
    isHttps: url.startsWith("https:"),
    origin: url.slice(0, originEnd(url)),
    path,
    folder: path.slice(0, path.lastIndexOf("/") + 1),
    hasMarker: path.includes(";") || path.includes("("),
  };
}

// The URL by the short way; "" when its scheme is one that nobody crawls; null when it must take the long way. Never a slice
// of `text`, which would keep the whole page in memory.
function plainUrl(text: string, base: Base, tail: Tail): string | null {
  tail.end = 0;
  tail.hasQuery = false;
  tail.hasMarker = false;
  switch (text.charCodeAt(0)) {
    case 0x2f:
      if (text.charCodeAt(1) === 0x2f) return absolute(text, 2, base, base.isHttps, tail);
      return joined(base.origin, text, 0, readTail(text, 1, tail), tail);
    case 0x2e:
      return upwards(text, base, tail);
    case 0x3f:
      tail.hasMarker = base.hasMarker;
      return joined(base.path, text, 0, readQuery(text, 1, tail), tail);
    case 0x23:
      return base.own;
  }
  if (text.startsWith("https://")) return absolute(text, 8, base, true, tail);
  if (text.startsWith("http://")) return absolute(text, 7, base, false, tail);
  const length = schemeLength(text);
  if (length === 0) return text === "" ? base.own : below(base.folder, text, 0, base, tail);
  const scheme = text.slice(0, length).toLowerCase();
  return scheme === "http" || scheme === "https" ? null : "";
}

function upwards(text: string, base: Base, tail: Tail): string | null {
  let { folder } = base;
  let at = 0;
  for (;;) {
    if (text.startsWith("./", at)) at += 2;
    else if (text.startsWith("../", at)) {
      at += 3;
      const end = folder.lastIndexOf("/", folder.length - 2);
      if (end >= base.origin.length) folder = folder.slice(0, end + 1);
    } else return below(folder, text, at, base, tail);
  }
}

function below(folder: string, text: string, at: number, base: Base, tail: Tail): string | null {
  const isPlain = readTail(text, at, tail);
  tail.hasMarker ||= base.hasMarker;
  return joined(folder, text, at, isPlain, tail);
}

// `start`: where the authority begins.
function absolute(text: string, start: number, base: Base, isHttps: boolean, tail: Tail) {
  const slashAt = text.indexOf("/", start);
  const end = slashAt < 0 ? text.length : slashAt;
  const isOwn = end === base.origin.length && text.startsWith(base.origin);
  if (!isOwn && !isPlainAuthority(text, start, end, isHttps)) return null;
  const scheme = isHttps ? "https://" : "http://";
  if (slashAt >= 0) return joined(scheme, text, start, readTail(text, end + 1, tail), tail);
  tail.end = end;
  return `${scheme}${text.slice(start)}/`;
}

function joined(
  head: string,
  text: string,
  from: number,
  isPlain: boolean,
  { end }: Tail,
): string | null {
  return isPlain ? head + text.slice(from, end) : null;
}

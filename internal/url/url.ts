// The one form in which a URL is queued, hashed and stored. Two spellings of one address must become the same text; two
// addresses never. Query order, double slashes, index pages and trailing slashes differ from site to site and stay.
import { perOrigin } from "./per-origin.ts";
import { normalPercent } from "./percent.ts";

/**
 * The canonical form of an http or https URL, `text` being resolved against `base`; null for anything else. WHATWG URL, and
 * then: no user info, no fragment, no empty query, no dot after the host, `%xx` in its normal form. Idempotent. This is the
 * exact way; `resolverOf` gives the same answers faster for links as most of them are written.
 */
export function canonicalUrl(text: string, base?: string): string | null {
  const url = URL.parse(text, base);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) return null;
  if (url.hostname.endsWith(".") && !dropTrailingDots(url)) return null;
  return `${url.protocol}//${url.host}${normalPercent(url.pathname)}${normalPercent(url.search)}`;
}

/** `host:port` of a URL, with the port of its scheme where it names none. Throws TypeError when it is not a URL. */
export const authorityOf = perOrigin((url) => {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;
});

/** The offset of the `/` that begins the path of a canonical URL: `url.slice(0, originEnd(url))` is its origin. */
export function originEnd(url: string): number {
  return url.indexOf("/", hostStart(url));
}

/** The origin of a canonical URL: scheme, host, and port if it is not the scheme's own. */
export function originOf(url: string): string {
  return url.slice(0, originEnd(url));
}

/** The host name of a canonical URL, without its port; IPv6 addresses in brackets. */
export function hostOf(url: string): string {
  const start = hostStart(url);
  const end = url.indexOf("/", start);
  const colon = url.lastIndexOf(":", end);
  return url.slice(start, colon > start && url.charAt(end - 1) !== "]" ? colon : end);
}

// `http://` has its first colon at 4, `https://` at 5.
function hostStart(url: string): number {
  return url.charCodeAt(4) === 0x3a ? 7 : 8;
}

function dropTrailingDots(url: URL): boolean {
  let end = url.hostname.length;
  while (url.hostname[end - 1] === ".") end -= 1;
  // The setter refuses, silently, a host that is none without its dot.
  if (end > 0) url.hostname = url.hostname.slice(0, end);
  return !url.hostname.endsWith(".");
}

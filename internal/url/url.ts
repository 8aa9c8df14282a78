// The one form in which a URL is queued, hashed and stored. Two spellings of one address must become the same text; two
// addresses never. Query order, double slashes, index pages and trailing slashes differ from site to site and stay.
import { normalPercent } from "./percent.ts";

/**
 * The canonical form of an http or https URL, `text` being resolved against `base`; null for anything else. WHATWG URL, and
 * then: no user info, no fragment, no empty query, no dot after the host, `%xx` in its normal form. Idempotent.
 */
export function canonicalUrl(text: string, base?: string): string | null {
  const url = URL.parse(text, base);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) return null;
  if (url.hostname.endsWith(".") && !dropTrailingDots(url)) return null;
  return `${url.protocol}//${url.host}${normalPercent(url.pathname)}${normalPercent(url.search)}`;
}

/** `host:port` of a URL, with the port of its scheme where it names none. Throws TypeError when it is not a URL. */
export function authorityOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;
}

function dropTrailingDots(url: URL): boolean {
  let end = url.hostname.length;
  while (url.hostname[end - 1] === ".") end -= 1;
  // The setter refuses, silently, a host that is none without its dot.
  if (end > 0) url.hostname = url.hostname.slice(0, end);
  return !url.hostname.endsWith(".");
}

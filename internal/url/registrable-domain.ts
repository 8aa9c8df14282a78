// The registrable domain of a host: what is sold to one owner, hence one site for shards and for scope.
import { getDomain } from "tldts";
import { perOrigin } from "./per-origin.ts";

/**
 * The registrable domain of a WHATWG host name, by the public suffix list with its private part (`a.github.io` and
 * `b.github.io` are two); the host itself for an IP address and for a name that has none (`localhost`).
 */
export function registrableDomain(hostname: string): string {
  return getDomain(hostname, { allowPrivateDomains: true, validateHostname: false }) ?? hostname;
}

/** The registrable domain of a URL's host. Throws TypeError when it is not a URL. */
export const siteOf = perOrigin((url) => registrableDomain(new URL(url).hostname));

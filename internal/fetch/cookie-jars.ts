// The cookies of one source during a run, as a user agent keeps them (RFC 6265; by section 5.3 none for a public suffix).
// In memory, bounded: a jar for each registrable domain, since no cookie is shared beyond one.
import { registrableDomain } from "../url/registrable-domain.ts";
import { type Cookie, cookieMatches, parseSetCookie } from "./set-cookie.ts";

/** RFC 6265 section 6.1 asks for at least 50 cookies a domain. */
const maxCookies = 50;
const maxJars = 10_000;
/** Of a Cookie header; many servers refuse more than 8 KiB. */
const maxHeaderChars = 8_192;

export class CookieJars {
  readonly #nowMs: () => number;
  /** By registrable domain, least recently used first. A jar: by domain, path and name, oldest first. */
  readonly #jars = new Map<string, Map<string, Cookie>>();

  /** `nowMs`: epoch. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Value of the Cookie header of a request (section 5.4); "" for none. */
  headerFor(url: URL): string {
    const domain = registrableDomain(url.hostname);
    const jar = this.#jars.get(domain);
    if (jar === undefined) return "";
    this.#jars.delete(domain);
    this.#jars.set(domain, jar);
    const nowMs = this.#nowMs();
    for (const [key, { expiresMs }] of jar) if (expiresMs <= nowMs) jar.delete(key);
    const matching = [...jar.values()].filter((cookie) => cookieMatches(cookie, url));
    // Longer paths first; a Map and the sort keep the older of two first.
    matching.sort((a, b) => b.path.length - a.path.length);
    let header = "";
    for (const { name, value } of matching) {
      const pair = name === "" ? value : `${name}=${value}`;
      if (header.length + pair.length + 2 > maxHeaderChars) break;
      header += header === "" ? pair : `; ${pair}`;
    }
    return header;
  }

  /** Takes in the Set-Cookie headers of an answer of `url`. */
  store(url: URL, rawHeaders: readonly (readonly [name: string, value: string])[]): void {
    for (const [name, value] of rawHeaders) {
      if (name.length !== 10 || name.toLowerCase() !== "set-cookie") continue;
      const cookie = parseSetCookie(value, url, this.#nowMs());
      if (cookie !== null) this.#keep(registrableDomain(url.hostname), cookie);
    }
  }

  #keep(domain: string, cookie: Cookie): void {
    const jar = this.#jars.get(domain) ?? new Map<string, Cookie>();
    const key = `${cookie.domain};${cookie.path};${cookie.name}`;
    // One that has ended is how a server takes it back.
    if (cookie.expiresMs <= this.#nowMs()) jar.delete(key);
    else jar.set(key, cookie);
    if (jar.size > maxCookies) jar.delete([...jar.keys()][0] ?? "");
    this.#jars.set(domain, jar);
    if (this.#jars.size > maxJars) this.#jars.delete([...this.#jars.keys()][0] ?? "");
  }
}

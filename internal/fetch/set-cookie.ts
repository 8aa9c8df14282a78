// One Set-Cookie header, read as user agents do (RFC 6265 section 5), which is more lenient than what servers should send.
import { isIP } from "node:net";
import { registrableDomain } from "../url/registrable-domain.ts";

export type Cookie = {
  name: string;
  value: string;
  /** Host or domain, lower-case, without a leading dot. */
  domain: string;
  /** Only `domain` itself, no host under it. */
  isHostOnly: boolean;
  path: string;
  /** Only to https: URLs. */
  isSecure: boolean;
  /** Epoch; Infinity: the end of the run. */
  expiresMs: number;
};

/** What browsers take of a name and its value. */
const maxChars = 4_096;

/** The cookie that a server at `url` sets (sections 5.2 and 5.3); null when it must be ignored. `nowMs`: epoch. */
export function parseSetCookie(header: string, url: URL, nowMs: number): Cookie | null {
  const [pair = "", ...rest] = header.split(";");
  const at = pair.indexOf("=");
  const name = (at < 0 ? "" : pair.slice(0, at)).trim();
  const value = pair.slice(at + 1).trim();
  if (name + value === "" || name.length + value.length > maxChars) return null;
  // Sent back as it is: a control character would be a header of its own.
  if ([...(name + value)].some((char) => char < " " || char === "\x7f")) return null;
  const attributes = attributesOf(rest);
  const domain = domainOf(attributes.get("domain") ?? "", url.hostname);
  if (domain === null) return null;
  const path = attributes.get("path") ?? "";
  const isSecure = attributes.has("secure");
  if (isSecure && url.protocol !== "https:") return null;
  return {
    name,
    value,
    ...domain,
    path: path.startsWith("/") ? path : defaultPath(url.pathname),
    isSecure,
    expiresMs: expiryMs(attributes, nowMs),
  };
}

/** Whether a cookie goes with a request for `url` (section 5.4). */
export function cookieMatches(cookie: Cookie, { hostname, pathname, protocol }: URL): boolean {
  if (cookie.isSecure && protocol !== "https:") return false;
  const isOwn = hostname === cookie.domain;
  if (!isOwn && (cookie.isHostOnly || !hostname.endsWith(`.${cookie.domain}`))) return false;
  if (!pathname.startsWith(cookie.path)) return false;
  return (
    pathname.length === cookie.path.length ||
    cookie.path.endsWith("/") ||
    pathname[cookie.path.length] === "/"
  );
}

function attributesOf(parts: readonly string[]): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const part of parts) {
    const at = part.indexOf("=");
    const name = (at < 0 ? part : part.slice(0, at)).trim().toLowerCase();
    // The last one counts.
    attributes.set(name, at < 0 ? "" : part.slice(at + 1).trim());
  }
  return attributes;
}

function domainOf(
  attribute: string,
  hostname: string,
): { domain: string; isHostOnly: boolean } | null {
  const domain = attribute.toLowerCase().replace(/^\./, "");
  if (domain === "") return { domain: hostname, isHostOnly: true };
  const isPublicSuffix =
    !domain.includes(".") || registrableDomain(`x.${domain}`) !== registrableDomain(domain);
  // Section 5.3, step 5: what is set for a public suffix is for the host, if it is that suffix itself, or for nobody.
  if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0 || isPublicSuffix)
    return domain === hostname ? { domain, isHostOnly: true } : null;
  if (hostname !== domain && !hostname.endsWith(`.${domain}`)) return null;
  return { domain, isHostOnly: false };
}

/** Section 5.1.4. */
function defaultPath(pathname: string): string {
  const end = pathname.lastIndexOf("/");
  return end <= 0 ? "/" : pathname.slice(0, end);
}

/** Max-Age counts before Expires. */
function expiryMs(attributes: Map<string, string>, nowMs: number): number {
  const maxAge = attributes.get("max-age") ?? "";
  if (/^-?\d+$/.test(maxAge)) {
    const seconds = Number(maxAge);
    return seconds <= 0 ? Number.NEGATIVE_INFINITY : nowMs + seconds * 1000;
  }
  return cookieDateMs(attributes.get("expires") ?? "") ?? Number.POSITIVE_INFINITY;
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** A date in one of the many forms that servers write (section 5.1.1): its parts in any order. Null when it is none. */
export function cookieDateMs(text: string): number | null {
  const tokens = text.split(/[\t\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+/);
  /** The first token of a form is that part, and no other. */
  const takeFirst = (form: RegExp): RegExpExecArray | null => {
    const at = tokens.findIndex((token) => form.test(token));
    return at < 0 ? null : form.exec(tokens.splice(at, 1)[0] ?? "");
  };
  const clock = takeFirst(/^(\d{1,2}):(\d{1,2}):(\d{1,2})(?!\d)/);
  const dayText = takeFirst(/^\d{1,2}(?!\d)/);
  const monthText = takeFirst(new RegExp(`^(${months.join("|")})`, "i"));
  const yearText = takeFirst(/^(\d{4}|\d{2})(?!\d)/);
  if (clock === null || dayText === null || monthText === null || yearText === null) return null;
  const [hour = 0, minute = 0, second = 0] = clock.slice(1).map(Number);
  if (hour > 23 || minute > 59 || second > 59) return null;
  const day = Number(dayText[0]);
  const written = Number(yearText[0]);
  const year = written < 70 ? written + 2000 : written < 100 ? written + 1900 : written;
  const month = months.indexOf(monthText[0].toLowerCase());
  const date = new Date(Date.UTC(year, month, day, hour, minute, second));
  return year >= 1601 && date.getUTCDate() === day ? date.getTime() : null;
}

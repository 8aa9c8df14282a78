// Reads what sites publish under the name of a sitemap: XML lists, indexes of lists, feeds, plain text, all of them also
// gzipped, and error pages that are none of it. The limits are those of sitemaps.org; a bomb must not take the pod down.
import { constants, gunzipSync } from "node:zlib";
import { decodeBody } from "../links/charset.ts";
import { readSitemapXml, type Sitemap } from "./sitemap-xml.ts";

/** Most bytes of an unpacked sitemap, and most entries of one (sitemaps.org protocol). */
export const maxSitemapBytes = 50 * 1024 * 1024;
export const maxSitemapUrls = 50_000;

/** Reads a sitemap of any form; the first bytes decide, not its type or name. `url` is for the error text. Never throws. */
export function parseSitemap(body: Uint8Array, url: string): Sitemap {
  const unpacked = unpack(body);
  if (unpacked.bytes === null) return named({ ...nothing(), error: unpacked.error }, url);
  const { text } = decodeBody(unpacked.bytes, "application/xml");
  const first = /\S/.exec(text)?.[0];
  if (first === undefined) return nothing();
  if (first !== "<") return named(readText(text), url);
  const sitemap = readSitemapXml(text.trimStart(), maxSitemapUrls);
  return sitemap.kind === "none" && isHtml(text) ? nothing() : named(sitemap, url);
}

// A page that says "not found" with status 200 is no fault of a sitemap.
function isHtml(text: string): boolean {
  return /<(?:!doctype\s+html|html)[\s>]/i.test(text.slice(0, 1_024));
}

function nothing(): Sitemap {
  return { kind: "none", urls: [], sitemaps: [], error: null };
}

function named(sitemap: Sitemap, url: string): Sitemap {
  return sitemap.error === null
    ? sitemap
    : { ...sitemap, error: `read sitemap "${url}": ${sitemap.error}` };
}

// A cut gzip gives what is there: its XML then does not end, which is the error.
function unpack(
  body: Uint8Array,
): { bytes: Uint8Array; error: null } | { bytes: null; error: string } {
  const tooLarge = `it is larger than ${maxSitemapBytes} bytes`;
  if (body[0] !== 0x1f || body[1] !== 0x8b) {
    return body.length > maxSitemapBytes
      ? { bytes: null, error: tooLarge }
      : { bytes: body, error: null };
  }
  try {
    const options = { maxOutputLength: maxSitemapBytes, finishFlush: constants.Z_SYNC_FLUSH };
    return { bytes: gunzipSync(body, options), error: null };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return {
      bytes: null,
      error:
        code === "ERR_BUFFER_TOO_LARGE"
          ? `unpacked, ${tooLarge}`
          : `its gzip is broken: ${message}`,
    };
  }
}

// One URL a line; other lines are left out, and a text without any URL is no sitemap.
function readText(text: string): Sitemap {
  const sitemap = nothing();
  for (const [line] of text.matchAll(/\S[^\r\n]*/g)) {
    const loc = line.trim();
    if (!/^https?:\/\/\S+$/i.test(loc)) continue;
    if (sitemap.urls.length === maxSitemapUrls) {
      sitemap.error = `it has more than ${maxSitemapUrls} URLs; the rest is not read`;
      break;
    }
    sitemap.urls.push({ loc, lastmod: null });
  }
  if (sitemap.urls.length > 0) sitemap.kind = "text";
  return sitemap;
}

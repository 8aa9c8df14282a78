// One row of a web source's pages table from one raw record. No tree is built: any page of the web may come here.
import { essenceOf, isHtml } from "../content/media-type.ts";
import { baseOf, pageLinks } from "../links/page-links.ts";
import { scanHtml } from "../links/scan-html.ts";
import type { RawRecord } from "../model/raw-record.ts";
import { canonicalUrl } from "../url/url.ts";
import { foldSpace } from "./fold-space.ts";
import { readPageText } from "./visible-text.ts";

/**
 * `title`, `text`, `lang`, `canonical` and the like: null where there is none to be had. `links` and `canonical`: absolute.
 * `changed`: new, or another than at the visit before. `size`: bytes of the body that was kept. `last_modified`: ISO 8601, UTC. `skipped`: why no body was kept.
 */
export type PageRow = {
  url: string;
  final_url: string;
  status: number;
  content_type: string;
  charset: string | null;
  lang: string | null;
  title: string | null;
  text: string | null;
  links: string[];
  canonical: string | null;
  digest: string | null;
  size: number;
  truncated: boolean;
  skipped: string | null;
  depth: number;
  etag: string | null;
  last_modified: string | null;
  fetched_at: string;
  first_seen: string;
  last_seen: string;
  changed: boolean;
  gone: boolean;
};

type Content = Pick<PageRow, "title" | "text" | "links" | "lang" | "canonical">;

const maxTextChars = 1024 * 1024;

/**
 * The row of an answer: title, visible text (white space folded, at most 1 Mi UTF-16 units), links, language and canonical
 * URL of an HTML page, the text of other `text/*` bodies. `size` counts a text body as UTF-8. Never throws; linear in the
 * body's length.
 */
export function pageRow(record: RawRecord): PageRow {
  const { headers, known } = record;
  const { title, text, links, lang, canonical } = contentOf(record);
  return {
    url: record.url,
    final_url: record.final_url,
    status: record.status,
    content_type: record.content_type,
    charset: record.charset || null,
    lang: lang ?? headers["content-language"]?.split(",", 1)[0]?.trim() ?? null,
    title,
    text,
    links,
    canonical,
    digest: record.digest || null,
    size: bodyBytes(record),
    truncated: record.error !== null,
    skipped: record.skipped ?? null,
    depth: record.depth,
    etag: headers.etag ?? null,
    last_modified: isoDate(headers["last-modified"]),
    fetched_at: record.fetched_at,
    first_seen: known?.first_seen ?? record.fetched_at,
    last_seen: known?.last_seen ?? record.fetched_at,
    changed: known?.changed ?? true,
    gone: known?.gone ?? false,
  };
}

function contentOf({ body, content_type, final_url }: RawRecord): Content {
  const none: Content = { title: null, text: null, links: [], lang: null, canonical: null };
  if (body === null) return none;
  const essence = essenceOf(content_type);
  if (isHtml(essence)) {
    const scan = scanHtml(body);
    const named = scan.links.find(
      ({ tag, rel }) => tag === "link" && rel.split(/\s+/).includes("canonical"),
    );
    return {
      title: scan.title || null,
      ...readPageText(body, maxTextChars),
      links: pageLinks(scan, final_url),
      canonical: named === undefined ? null : canonicalUrl(named.href, baseOf(scan, final_url)),
    };
  }
  if (!essence.startsWith("text/")) return none;
  return { ...none, text: foldSpace(body.slice(0, maxTextChars)).toWellFormed() };
}

function bodyBytes({ body, body_b64 }: RawRecord): number {
  if (body !== null) return Buffer.byteLength(body);
  return body_b64 === null ? 0 : Buffer.byteLength(body_b64, "base64");
}

/** An HTTP-date (RFC 9110 section 5.6.7) as ISO 8601; null for what is no date. */
function isoDate(text: string | undefined): string | null {
  if (text === undefined) return null;
  const ms = Date.parse(text);
  return Number.isFinite(ms) && Math.abs(ms) < 253_402_300_800_000
    ? new Date(ms).toISOString()
    : null;
}

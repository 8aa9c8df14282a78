// From an answer to a raw record and the links that follow from it. Pure.
import { hash } from "node:crypto";
import { essenceOf, isHtml } from "../content/media-type.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import { charsetOf, decodeBody, isText } from "../links/charset.ts";
import { followedLinks } from "../links/page-links.ts";
import { robotsDirectives } from "../links/robots-directives.ts";
import { scanPage } from "../links/scan-html.ts";
import type { FrontierLink } from "../model/link.ts";
import type { RawRecord } from "../model/raw-record.ts";
import type { WalkCounts } from "../model/segment.ts";
import { headerUrl } from "../url/header-url.ts";
import { canonicalUrl } from "../url/url.ts";
import { answerText } from "./api-answer.ts";
import { type KeepRules, keepOf } from "./keep-rules.ts";
import type { PageRules } from "./page-rules.ts";

/**
 * `links` to offer; `error`: why the target is a dead letter all the same. `drops`: links not followed, and pages not kept, by
 * reason. `keep`: false when the page asks not to be kept.
 */
export type Reading = {
  links: FrontierLink[];
  error: string | null;
  drops: Record<string, number>;
  keep?: boolean;
  /** Of an incremental API source: see SegmentRecord. */
  high?: string | null;
  /** Of a page of an API that tells the total of its records: see FrontierLink.pagesOf. */
  walk?: WalkCounts & { id: string };
};

/**
 * The raw record of an answer. `keep`: the rules of a page's source. An API's answer is text, whatever it calls itself, if that can give
 * its bytes back; so is a body that says nothing of itself. `long`: of a body that is in an object of its own.
 */
export function rawRecord(
  link: FrontierLink,
  answer: Exchange,
  fetchedAt: string,
  attempt: number,
  keep: KeepRules | null = null,
  long: { digest: string; path: string } | null = null,
): RawRecord {
  const { contentType, body, skipped, truncated } = keepOf(answer, keep);
  const text = skipped === null && long === null ? textOf(link, answer, contentType, body) : null;
  return {
    url: link.url,
    final_url: link.url,
    status: answer.status,
    headers: answer.headers,
    fetched_at: fetchedAt,
    depth: link.depth,
    source: link.source,
    kind: link.kind,
    page: link.page ?? 0,
    ...(link.ask === undefined ? {} : { ask: link.ask }),
    ...(link.keys === undefined ? {} : { keys: link.keys }),
    digest: long?.digest ?? digestOf(answer, skipped),
    content_type: contentType,
    charset: text?.charset ?? "",
    body: text?.text ?? null,
    body_b64: text !== null || body.length === 0 ? null : body.toString("base64"),
    ...(long === null ? {} : { body_file: long.path }),
    timing: { first_byte_ms: Math.round(answer.firstByteMs), total_ms: Math.round(answer.totalMs) },
    attempt,
    error: truncated ? `truncated at ${body.length} bytes` : null,
    ...(skipped === null ? {} : { skipped }),
  };
}

function textOf(link: FrontierLink, answer: Exchange, contentType: string, body: Buffer) {
  if (link.kind === "api") return answerText(answer);
  return contentType === "" || isText(contentType) ? decodeBody(body, contentType) : null;
}

/** "" for a body that was not read. */
function digestOf({ body }: Exchange, skipped: string | null): string {
  if (skipped !== null && body.length === 0) return "";
  return hash("sha256", body);
}

/** The link a redirect leads to, in the place of `link`; null when it leads nowhere. */
export function redirectLink(link: FrontierLink, answer: Exchange): FrontierLink | null {
  const target = canonicalUrl(headerUrl(answer.headers.location ?? ""), link.url);
  if (target === null || target === link.url) return null;
  const chain = [...(link.chain ?? []), link.url];
  const redirected = { ...link, url: target, via: link.url, redirects: chain.length, chain };
  // RFC 9110 section 15.4: 307 and 308 are followed by the same method, 303 by GET, and so, in practice, are 301 and 302.
  if (link.ask?.body !== undefined && answer.status !== 307 && answer.status !== 308) {
    const { body: _body, ...ask } = link.ask;
    redirected.ask = ask;
  }
  return redirected;
}

/**
 * Links of an HTML page of a web source, in scope. A page that forbids robots to follow its links has none; one that forbids to
 * index it is read for its links and not kept.
 */
export function readPage(
  link: FrontierLink,
  answer: Exchange,
  record: RawRecord,
  rules: PageRules,
): Reading {
  const reading: Reading = { links: [], error: null, drops: {}, keep: true };
  const { productToken } = rules;
  const robotsTags = rules.obeysMetaRobots ? headersOf(answer, "x-robots-tag") : [];
  if (!isHtml(essenceOf(record.content_type))) {
    if (robotsDirectives([], robotsTags, productToken).noindex) leaveOut(reading);
    return reading;
  }
  const charset = record.charset || charsetOf(answer.body, record.content_type);
  const scan = scanPage(answer.body, charset);
  const metas = rules.obeysMetaRobots ? scan.robotsMeta : [];
  const directives = robotsDirectives(metas, robotsTags, productToken);
  if (directives.noindex) leaveOut(reading);
  const linkHeader = headerUrl(answer.headers.link ?? "");
  const found = followedLinks(scan, linkHeader, link.url, rules.follow, rules.urls);
  if (found.nofollow > 0) countDrop(reading, "nofollow", found.nofollow);
  if (scan.leftOut > 0) countDrop(reading, "too many links", scan.leftOut);
  if (directives.nofollow) {
    if (found.urls.length > 0) countDrop(reading, "nofollow", found.urls.length);
    return reading;
  }
  const depth = link.depth + 1;
  const via = link.url;
  for (const url of found.urls) {
    const reason = rules.outOfScope(url, depth);
    if (reason !== null) countDrop(reading, reason, 1);
    else reading.links.push({ url, source: link.source, kind: "page", depth, priority: 2, via });
  }
  return reading;
}

function leaveOut(reading: Reading): void {
  reading.keep = false;
  countDrop(reading, "noindex", 1);
}

function countDrop({ drops }: Reading, reason: string, count: number): void {
  drops[reason] = (drops[reason] ?? 0) + count;
}

function headersOf({ rawHeaders }: Exchange, name: string): string[] {
  return rawHeaders.filter(([each]) => each.toLowerCase() === name).map(([, value]) => value);
}

// robots.txt: the rules that a site sets for us (RFC 9309 section 2.2). Every line stands alone: a bad one spoils no other.

import { canonicalUrl } from "../url/url.ts";
import { robotsPath, robotsPattern } from "./robots-pattern.ts";
import { type Rule, RuleIndex } from "./rule-index.ts";

/** What one robots.txt means for one crawler. */
export type Robots = {
  /** Whether a path with its query (`/a?b`) may be fetched. */
  allows(pathAndQuery: string): boolean;
  /** Least time between two requests, or null. Not in the RFC, and not bounded: a long one is for the caller to sit out. */
  crawlDelayMs: number | null;
  /** Canonical URLs, for everybody, in the order of the file. */
  sitemaps: string[];
  /** Whether any rule binds us. */
  hasRules: boolean;
};

/** What was said to one agent; groups that name it are merged here. */
type Agent = { isNamed: boolean; rules: Rule[]; delayMs: number | null };

type Group = { agents: Set<Agent>; isFull: boolean };

/** RFC 9309 section 2.5: at least this much must be read; we read no more. */
export const robotsBytes = 500 * 1024;

const byteOrderMark = [0xef, 0xbb, 0xbf];

/** What is beyond it in one line is not read, as Google does: a longer path is no URL that anybody asks for. */
const maxLineBytes = 2_083 * 8 - 1;

/** Fields by name, with the misspellings that Google's and crawler-commons' parsers found common enough to obey. */
const fields = new Map([
  ["user-agent", "user-agent"],
  ["useragent", "user-agent"],
  ["user agent", "user-agent"],
  ["user-agents", "user-agent"],
  ["users-agent", "user-agent"],
  ["user-agnet", "user-agent"],
  ["useg-agent", "user-agent"],
  ["ser-agent", "user-agent"],
  ["allow", "allow"],
  ["disallow", "disallow"],
  ["dissallow", "disallow"],
  ["dissalow", "disallow"],
  ["disalow", "disallow"],
  ["diasllow", "disallow"],
  ["disallaw", "disallow"],
  ["disallows", "disallow"],
  ["desallow", "disallow"],
  ["diallow", "disallow"],
  ["disllow", "disallow"],
  ["dsallow", "disallow"],
  ["dssalow", "disallow"],
  ["crawl-delay", "crawl-delay"],
  ["crawl delay", "crawl-delay"],
  ["craw-delay", "crawl-delay"],
  ["clawl-delay", "crawl-delay"],
  ["crawl-deley", "crawl-delay"],
  ["sitemap", "sitemap"],
  ["sitemaps", "sitemap"],
  ["site-map", "sitemap"],
  ["http", "bare-url"],
  ["https", "bare-url"],
]);

/**
 * How far a file has been read. A group is the agents named in a row, and full once it has a rule: the next user-agent
 * opens another. For the crawl-delay, which must not end a group of rules, the same is kept a second time.
 */
type Reading = {
  token: string;
  url: string;
  us: Agent;
  everybody: Agent;
  group: Group;
  delayGroup: Group;
  sitemaps: Set<string>;
};

/**
 * Reads a robots.txt, up to 500 KiB of it, for the crawler of that product token (letters, `_`, `-`; any case). Never
 * throws: what is not understood is skipped. A crawl-delay is no part of a group, but binds like its rules: that of `*` only
 * whoever is not named. `url`: where the file is, for sitemaps that are named without a host; such are skipped without it.
 */
export function parseRobots(body: Uint8Array, productToken: string, url?: string): Robots {
  const reading: Reading = {
    token: productToken.toLowerCase(),
    url: url ?? "",
    us: { isNamed: false, rules: [], delayMs: null },
    everybody: { isNamed: false, rules: [], delayMs: null },
    group: { agents: new Set(), isFull: false },
    delayGroup: { agents: new Set(), isFull: false },
    sitemaps: new Set(),
  };
  for (const line of linesOf(body)) {
    const { name, value } = fieldOf(line);
    const field = fields.get(name);
    if (field === "bare-url") takeBareUrl(reading, name, value);
    else if (field !== undefined) take(reading, field, value);
  }
  const { us, everybody, sitemaps } = reading;
  const { rules, delayMs } = us.isNamed ? us : everybody;
  const hasRules = rules.length > 0;
  const index = new RuleIndex(rules);
  return {
    allows: (pathAndQuery) => !hasRules || isAllowed(index, pathAndQuery),
    crawlDelayMs: delayMs,
    sitemaps: [...sitemaps],
    hasRules,
  };
}

function take(reading: Reading, field: string, value: string): void {
  const { group, delayGroup } = reading;
  if (field === "user-agent") {
    takeAgent(reading, value);
  } else if (field === "sitemap") {
    takeSitemap(reading, value);
  } else if (field === "crawl-delay") {
    delayGroup.isFull = true;
    const delayMs = delayOf(value);
    for (const agent of delayGroup.agents) agent.delayMs = strictest(agent.delayMs, delayMs);
  } else {
    group.isFull = true;
    takeRule(group, field === "allow", value);
    // Google: whoever opens a folder's index page opens the folder.
    const [folder] = field === "allow" ? (/^.*\/(?=index\.htm[^/]*$)/.exec(value) ?? []) : [];
    if (folder !== undefined) takeRule(group, true, `${folder}$`);
  }
}

function takeRule({ agents }: Group, isAllow: boolean, value: string): void {
  const pattern = agents.size === 0 ? null : robotsPattern(value);
  if (pattern === null) return;
  for (const agent of agents) agent.rules.push({ isAllow, pattern });
}

function takeSitemap({ sitemaps, url }: Reading, value: string): void {
  const found = canonicalUrl(Buffer.from(value, "latin1").toString("utf8"), url || undefined);
  if (found !== null) sitemaps.add(found);
}

/** A sitemap whose field's name was forgotten: its own scheme stands there. */
function takeBareUrl(reading: Reading, scheme: string, value: string): void {
  if (value.startsWith("//") && /sitemap/i.test(value)) takeSitemap(reading, `${scheme}:${value}`);
}

function takeAgent({ token, us, everybody, group, delayGroup }: Reading, value: string): void {
  const isUs = token !== "" && agentToken(value) === token;
  const agent = isUs ? us : isStar(value) ? everybody : null;
  if (agent !== null) agent.isNamed = true;
  delayGroup.isFull ||= group.isFull;
  for (const each of [group, delayGroup]) {
    if (each.isFull) each.agents.clear();
    each.isFull = false;
    if (agent !== null) each.agents.add(agent);
  }
}

function isAllowed(index: RuleIndex, pathAndQuery: string): boolean {
  const path = robotsPath(pathAndQuery.startsWith("/") ? pathAndQuery : `/${pathAndQuery}`);
  return path === "/robots.txt" || (index.decide(path) ?? true);
}

/** Lines, by CR, LF or CRLF, as octets in latin1 strings of their own (a slice would keep the whole file in memory). */
function* linesOf(body: Uint8Array): Generator<string> {
  const bytes = utf8Of(body.subarray(0, robotsBytes));
  const isCut = body.length > robotsBytes && !isLineEnd(body[robotsBytes]);
  const isHtml = bytes.subarray(0, 64).toString("latin1").trimStart().startsWith("<");
  let start = 0;
  for (let at = 0; at <= bytes.length; at += 1) {
    if (at < bytes.length && !isLineEnd(bytes[at])) continue;
    // Half a line is another rule: `/` of `/private`.
    if (at === bytes.length && isCut) return;
    const line = bytes.toString("latin1", start, Math.min(at, start + maxLineBytes));
    // Some sites serve their rules as a page, with a <BR> behind each.
    if (at > start) yield isHtml ? line.replace(/<[^<>]*>/g, "") : line;
    start = at + 1;
  }
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === 0x0a || byte === 0x0d;
}

/** Without its byte order mark, or as much of one as there is; UTF-16, which some editors save, only with one. */
function utf8Of(body: Uint8Array): Buffer {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let mark = 0;
  while (mark < 3 && bytes[mark] === byteOrderMark[mark]) mark += 1;
  if (mark > 0) return bytes.subarray(mark);
  const isLittle = bytes[0] === 0xff && bytes[1] === 0xfe;
  const isBig = bytes[0] === 0xfe && bytes[1] === 0xff;
  if (!isLittle && !isBig) return bytes;
  return Buffer.from(new TextDecoder(isLittle ? "utf-16le" : "utf-16be").decode(bytes), "utf8");
}

/** Name in lower case, and value. A missing colon is forgiven between two words, as Google does. */
function fieldOf(line: string): { name: string; value: string } {
  const comment = line.indexOf("#");
  const text = trimBlanks(comment < 0 ? line : line.slice(0, comment));
  let at = text.indexOf(":");
  if (at < 0) at = blankIn(text);
  if (at < 0) return { name: "", value: "" };
  const value = trimBlanks(text.slice(at + 1));
  if (text[at] !== ":" && blankIn(value) >= 0) return { name: "", value: "" };
  return { name: trimBlanks(text.slice(0, at)).toLowerCase(), value };
}

/** `String.trim` would also take octet A0, the end of many a UTF-8 letter. */
function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text[start])) start += 1;
  while (end > start && isBlank(text[end - 1])) end -= 1;
  return text.slice(start, end);
}

function blankIn(text: string): number {
  return text.search(/[ \t]/);
}

function isBlank(char: string | undefined): boolean {
  return char === " " || char === "\t";
}

/** `*`, alone or before a blank. */
function isStar(value: string): boolean {
  return value[0] === "*" && (value.length === 1 || isBlank(value[1]));
}

/** The product token that a user-agent value starts with: `Bot` of `Bot/2.1 (news)`. */
function agentToken(value: string): string {
  return (/^[A-Za-z_-]+/.exec(value)?.[0] ?? "").toLowerCase();
}

function delayOf(value: string): number | null {
  return /^(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})$/.test(value) ? Number(value) * 1000 : null;
}

function strictest(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}

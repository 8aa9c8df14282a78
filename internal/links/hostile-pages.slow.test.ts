// Pages that were made to hurt: 64 MiB, the most that a crawl keeps of a body, in time and memory that grow with the length.
// What is quadratic here takes hours.
import { expect, test } from "vitest";
import { threadCpuMs } from "../../test/support/cpu-time.ts";
import { pageLinks } from "./page-links.ts";
import { scanPage } from "./scan-html.ts";

const sizeBytes = 64 * 1024 * 1024;
const filled = (head: string, piece: string, tail: string) =>
  Buffer.concat([Buffer.from(head), Buffer.alloc(sizeBytes, piece), Buffer.from(tail)]);

test.each([
  ["<", "", "<", ""],
  ["</", "", "</", ""],
  ["tags that do not end", "", "<a ", ""],
  ["quotes that do not end", "", `<a b='x" `, ""],
  ["comments that do not end", "", "<!-- - ", ""],
  ["open elements", "", "<div>", ""],
  ["open foreign elements", "", "<svg><desc><math><mi>", ""],
  ["closed ones that were never open", "<svg><desc>".repeat(300), "</desc></x>", ""],
  ["scripts in scripts", "", "<script><!--<script>", ""],
  ["ends of scripts that are none", "<script>", "</script", ""],
  ["attributes without end", "<a ", "x=y ", "href=z>"],
  ["one attribute again and again", "<a ", "href=y ", ">"],
  ["one long value", "<a href='", " ", "x'>"],
  ["character references", "<a href='", "&amp", "'>"],
  ["a long srcset", "<img srcset='", "a (,,) 1x, ", "'>"],
  ["a refresh full of spaces", "<meta http-equiv=refresh content='0;", " ", "'>"],
  ["a long title", "<title>", " a &amp;", ""],
  ["links that take the long way", "", "<a href=é>", ""],
  ["CDATA", "<svg>", "<![CDATA[]]>", ""],
])("%s", { timeout: 120_000 }, (_name, head, piece, tail) => {
  const body = filled(head, piece, tail);
  const startedMs = threadCpuMs();
  const scan = scanPage(body, "UTF-8");
  const urls = pageLinks(scan, "http://site.example/");
  expect(threadCpuMs() - startedMs).toBeLessThan(20_000);
  expect(scan.links.length).toBeLessThanOrEqual(100_000);
  expect(urls.length).toBeLessThanOrEqual(scan.links.length);
});

test("links beyond the first 100,000 are counted, not kept", () => {
  const scan = scanPage(Buffer.from("<a href=x>".repeat(100_007)), "UTF-8");
  expect([scan.links.length, scan.leftOut]).toEqual([100_000, 7]);
});

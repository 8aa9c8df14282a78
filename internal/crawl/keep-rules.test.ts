// Which bodies are worth reading, by the head of the answer alone.
import { expect, test } from "vitest";
import type { FrontierLink } from "../model/link.ts";
import type { WebSource } from "../model/pipeline.ts";
import { wantsBodyOf } from "./keep-rules.ts";

const page: FrontierLink = {
  url: "https://a.example/",
  source: "s",
  kind: "page",
  depth: 1,
  priority: 2,
};
const source = {
  kind: "web",
  content: { save: ["*/*"], skip: ["video"], maxBytes: 1e6 },
} as Partial<WebSource> as WebSource;
const video = { "content-type": "Video/MP4; x=y" };

test.each<[string, number, Record<string, string>, boolean]>([
  ["a kind that is kept", 200, { "content-type": "text/html" }, true],
  ["a kind that is not, of any length", 200, video, false],
  ["a long one", 206, { ...video, "content-length": "65537" }, false],
  ["a short one", 200, { ...video, "content-length": "65536" }, true],
  ["a type that may be wrong", 200, { "content-type": "application/octet-stream" }, true],
  ["no type", 200, {}, true],
  ["an error", 404, video, true],
  ["a redirect", 302, video, true],
])("%s", (_name, status, headers, wanted) => {
  expect(wantsBodyOf(page, source)(status, headers)).toBe(wanted);
});

test("sitemaps are read whatever they are called", () => {
  expect(wantsBodyOf({ ...page, kind: "sitemap" }, source)(200, video)).toBe(true);
});

import { expect, test } from "vitest";
import { contentCheck, contentNames, isContentRule } from "./content-rules.ts";

test.each<[string[], string[], string, boolean]>([
  [["*/*"], ["audio", "video", "font"], "text/html; charset=utf-8", true],
  [["*/*"], ["audio", "video", "font"], "video/mp4", false],
  [["*/*"], ["font"], "application/x-font-woff", false],
  [["html"], [], "application/XHTML+xml", true],
  [["html"], [], "text/plain", false],
  [["text"], [], "text/csv", true],
  [["text"], [], "text/xml", false],
  [["xml"], [], "application/atom+xml", true],
  [["xml"], [], "image/svg+xml", false],
  [["json"], [], "application/ld+json", true],
  [
    ["pdf", "document"],
    [],
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    true,
  ],
  [["archive"], [], "application/gzip", true],
  [["image/*"], ["image/svg+xml"], "image/webp", true],
  [["image/*"], ["image/svg+xml"], "image/svg+xml", false],
  [["application/vnd.*"], [], "application/vndx", false],
  [["html"], [], "", false],
  [["application/octet-stream"], [], "not a type", true],
])("save %j, skip %j: %s", (save, skip, type, isKept) => {
  expect(contentCheck({ save, skip })(type) === null).toBe(isKept);
});

test("the reason names the type", () => {
  expect(contentCheck({ save: ["html"], skip: [] })("Image/PNG; q=1")).toBe(
    "content type image/png",
  );
});

test("what a rule can be", () => {
  for (const rule of [...contentNames, "image/*", "*/*", "application/vnd.ms-*"]) {
    expect(isContentRule(rule)).toBe(true);
  }
  for (const rule of ["", "htm", "image/", "a/b/c", "toString"]) {
    expect(isContentRule(rule)).toBe(false);
  }
});

import { expect, test } from "vitest";
import { decodeBody, isText } from "./charset.ts";

const latin = Buffer.from("caf\xe9 \x80", "latin1");

test.each([
  [
    "a byte order mark wins",
    Buffer.from("\uFEFFé"),
    "text/html; charset=windows-1251",
    "é",
    "UTF-8",
  ],
  ["UTF-16 by its mark", Buffer.from("\uFEFF{}", "utf16le"), "application/json", "{}", "UTF-16LE"],
  ["the header", latin, 'text/html; Charset="ISO-8859-1"', "café €", "windows-1252"],
  [
    "the header before meta",
    Buffer.from("<meta charset=windows-1251>é"),
    "text/html;charset=utf-8",
    "<meta charset=windows-1251>é",
    "UTF-8",
  ],
  [
    "meta",
    Buffer.from("<meta charset=koi8-r>\xc1", "latin1"),
    "text/html",
    "<meta charset=koi8-r>а",
    "KOI8-R",
  ],
  ["an unknown label", latin, "text/html; charset=none", "café €", "windows-1252"],
  ["HTML without a word", latin, "text/html", "café €", "windows-1252"],
  ["HTML in UTF-8 without a word", Buffer.from("<p>日本"), "text/html", "<p>日本", "UTF-8"],
  ["the same, cut", Buffer.from("<p>日本").subarray(0, -1), "text/html", "<p>日\uFFFD", "UTF-8"],
  ["HTML in ASCII", Buffer.from("<p>a"), "text/html", "<p>a", "windows-1252"],
  ["not quite UTF-8", Buffer.from("ééé", "latin1"), "text/html", "ééé", "windows-1252"],
  ["JSON", Buffer.from('"é"'), "application/json", '"é"', "UTF-8"],
  ["JSON that is not UTF-8", latin, "application/problem+json", "caf\uFFFD \uFFFD", "UTF-8"],
  ["XML", Buffer.from("<a>é</a>"), "application/rss+xml", "<a>é</a>", "UTF-8"],
  [
    "an XML declaration",
    Buffer.from("<?xml version='1.0' encoding='iso-8859-1'?>\xe9", "latin1"),
    "text/xml",
    "<?xml version='1.0' encoding='iso-8859-1'?>é",
    "windows-1252",
  ],
  ["CSV in UTF-8", Buffer.from("é,b"), "text/csv", "é,b", "UTF-8"],
  ["CSV in another", latin, "text/csv", "café €", "windows-1252"],
  ["an unsafe encoding", latin, "text/html; charset=iso-2022-kr", "\uFFFD", "replacement"],
  ["nothing", new Uint8Array(), "text/html; charset=hz-gb-2312", "", "replacement"],
])("%s", (_name, body, contentType, text, charset) => {
  expect(decodeBody(body, contentType)).toEqual({ text, charset });
});

test.each([
  ["text/html; charset=x", true],
  ["Application/JSON", true],
  ["application/ld+json", true],
  ["application/xml", true],
  ["image/svg+xml", true],
  ["application/x-ndjson", true],
  ["application/javascript", true],
  ["application/octet-stream", false],
  ["application/gzip", false],
  ["image/png", false],
  ["", false],
])("isText(%j) is %s", (contentType, expected) => {
  expect(isText(contentType)).toBe(expected);
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { scanHtml, scanPage } from "./scan-html.ts";

const charsets =
  "UTF-8 windows-1252 windows-1251 windows-874 ISO-8859-2 ISO-8859-8-I KOI8-R KOI8-U macintosh x-mac-cyrillic IBM866 x-user-defined GBK gb18030 Big5 EUC-JP EUC-KR Shift_JIS ISO-2022-JP UTF-16LE UTF-16BE".split(
    " ",
  );
const pieces = fc.constantFrom(
  ...[
    "<a href=",
    "<a href='",
    '<a href="',
    "'",
    '"',
    ">",
    "<",
    "/",
    " ",
    "=",
    "&amp;",
    "&#x41;",
    "<!--",
    "-->",
    "<title>",
  ],
  ...[
    "</title>",
    "<base href=",
    "<svg><![CDATA[",
    "]]>",
    "<script>",
    "</script>",
    "a",
    "?",
    "\0",
    "\n",
  ],
);
const bytes = fc.oneof(
  pieces.map((text) => Buffer.from(text)),
  fc.uint8Array({ minLength: 1, maxLength: 4 }).map((octets) => Buffer.from(octets)),
);

test("bytes are read as their decoded text is, in every encoding", () => {
  fc.assert(
    fc.property(
      fc.array(bytes, { maxLength: 30 }),
      fc.constantFrom(...charsets),
      (parts, charset) => {
        const body = Buffer.concat(parts);
        const text = new TextDecoder(charset).decode(body);
        expect({ ...scanPage(body, charset), charset: "" }).toEqual(scanHtml(text));
      },
    ),
    { numRuns: 4_000 },
  );
});

test("a byte order mark is no part of the page", () => {
  const body = Buffer.from("\uFEFF<a href=é>");
  expect(scanPage(body, "UTF-8").links.map(({ href }) => href)).toEqual(["é"]);
  expect(scanPage(Buffer.from("\uFEFF<a href=é>", "utf16le"), "UTF-16LE").links).toHaveLength(1);
});

test("an encoding that is unsafe to read has no links", () => {
  expect(scanPage(Buffer.from("<a href=x>"), "replacement").links).toEqual([]);
});

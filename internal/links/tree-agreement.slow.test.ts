// The scanner against a tree: the same links as parse5 finds, with scripting off, on real pages, on the public cases of
// html5lib with a link put between any two tags of theirs, and on random ones.
//
// Where the two differ on purpose:
// - Tags that a tree builder throws away still count: they were written to be followed. Links in <select>, <frameset> and
//   the columns of a template, a <frame> outside of a frameset, a <form> inside a form.
// - Raw text begins in a <select>, too, as by the standard of today: parse5 8 has none there.
// - An <svg> or <math> that is never closed ends with an end tag that fits it, not with that of an element around it; and
//   HTML inside MathML inside SVG, or the other way round, is followed only as deep as `foreign-content.ts` says. Without a
//   tree nobody knows what is around; no real page was seen to need it.
//
// html-cases.jsonl: facts read off html5lib-tests (MIT), tokenizer and tree construction: a line is a page, then its links.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { treeLinks } from "../../test/support/tree-links.ts";
import { scanHtml, scanPage } from "./scan-html.ts";

type Links = { links: string[]; base: string | null };

const cases = readFileSync(new URL("html-cases.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as [html: string, ...links: string[]]);

// A refresh is a link of ours, not an element's.
const scanned = (html: string): Links => named(scanHtml(html));

function named({ links, base }: ReturnType<typeof scanHtml>): Links {
  const all = links.filter(({ tag }) => tag !== "meta").map(({ tag, href }) => `${tag} ${href}`);
  return { links: unique(all), base };
}

// Trees repeat links: <a href=x><p>1<p>2 makes one <a> in each paragraph.
function unique(links: string[]): string[] {
  return [...new Set(links)].sort();
}

function inTree(html: string): Links {
  const { links, base } = treeLinks(html);
  return { links: unique(links), base };
}

test("the same links on the 258 pages of htmlparser-benchmark, as text and as bytes", () => {
  const folder = fileURLToPath(
    new URL("../../node_modules/htmlparser-benchmark/files/", import.meta.url),
  );
  const files = readdirSync(folder);
  expect(files.length).toBe(258);
  let found = 0;
  for (const file of files) {
    const body = readFileSync(folder + file);
    const expected = inTree(body.toString("utf8"));
    expect(scanned(body.toString("utf8")), file).toEqual(expected);
    expect(named(scanPage(body, "UTF-8")), file).toEqual(expected);
    found += expected.links.length;
  }
  expect(found).toBeGreaterThan(40_000);
});

test("the links of the public cases are as published", () => {
  expect(cases.length).toBeGreaterThan(3_600);
  for (const [html, ...links] of cases) expect(scanned(html).links, html).toEqual(links.sort());
});

test("the same links with one more in any place of the public cases", () => {
  const thrownAway = /<(select|frameset|frame)\b|<template.*<col\b/is;
  let probed = 0;
  for (const [html] of cases) {
    const places = [...html.matchAll(/[<>]|$/g)].flatMap(({ index }) => [index, index + 1]);
    for (const place of new Set(places)) {
      const page = `${html.slice(0, place)}<a href=probe>${html.slice(place)}`;
      const [ours, theirs] = [scanned(page), inTree(page)];
      const isOdd = thrownAway.test(html);
      if (!isOdd) expect(ours, page).toEqual(theirs);
      if (isOdd && !/<select><plaintext/.test(html))
        expect(theirs.links.filter((link) => !ours.links.includes(link))).toEqual([]);
      probed += 1;
    }
  }
  expect(probed).toBeGreaterThan(30_000);
});

const attribute = fc.constantFrom(
  ...[
    "href=1",
    "href='2'",
    'href="3"',
    "HREF = 4",
    "href",
    "href=5 href=6",
    "src=7",
    "action=8",
    "rel=next",
    "/",
    "=x",
  ],
  ...[
    "title='>'",
    'alt="<a href=no>"',
    "a\"b'c",
    "srcset='1 1x, 2,3 2x'",
    "method=get",
    "href=&amp;&#x41;&lt",
    "<",
  ],
);
const htmlTag = fc.constantFrom(
  ...[
    "a",
    "area",
    "base",
    "link",
    "iframe",
    "img",
    "source",
    "image",
    "div",
    "p",
    "b",
    "i",
    "table",
    "tr",
    "td",
    "th",
  ],
  ...[
    "ul",
    "li",
    "h1",
    "script",
    "style",
    "textarea",
    "title",
    "xmp",
    "noembed",
    "noframes",
    "noscript",
    "template",
  ],
  ...[
    "body",
    "head",
    "html",
    "nobr",
    "button",
    "object",
    "pre",
    "br",
    "hr",
    "input",
    "option",
    "main",
    "x-y",
    "plaintext",
  ],
);
const text = fc.constantFrom(
  ...[
    "text",
    " ",
    "&amp;",
    "<!-- c -->",
    "<!-->",
    "<!--",
    "-->",
    "--!>",
    "<![CDATA[",
    "]]>",
    "<!doctype html>",
    "<?x>",
  ],
  ...[
    "</>",
    "</ x>",
    "<",
    "<3",
    ">",
    "'",
    '"',
    "\0",
    "\n",
    "<!--<script>",
    "</script",
    "é",
    "<a href=9>",
  ],
);
const start = fc
  .tuple(htmlTag, fc.array(attribute, { maxLength: 2 }), fc.constantFrom("", "", "/"))
  .map(([tag, attributes, end]) => `<${[tag, ...attributes].join(" ")}${end}>`);
const html = fc.oneof(
  start,
  start,
  htmlTag.map((tag) => `</${tag}>`),
  text,
  text,
);
const foreignText = fc.constantFrom(
  "text",
  "<![CDATA[<a href=no>]]>",
  "<!-- <a href=no> -->",
  "<a href=f></a>",
);
const svg = fc
  .array(
    fc.oneof(
      foreignText,
      fc.constantFrom(
        ...[
          "<g><a href=1></a></g>",
          "<a xlink:href=2></a>",
          "<script><a href=3></a></script>",
          "<style/><a href=4></a>",
        ],
        ...[
          "<title><b><a href=5></a></b></title>",
          "<desc><style><a href=no></style></desc>",
          "<path/>",
          "<use href=no />",
        ],
        ...[
          "<foreignObject><div><a href=6></a><textarea><a href=no></textarea></div></foreignObject>",
        ],
      ),
    ),
    { maxLength: 5 },
  )
  .map((parts) => `<svg>${parts.join("")}</svg>`);
const math = fc
  .array(
    fc.oneof(
      foreignText,
      fc.constantFrom(
        ...[
          "<mi><a href=1></a></mi>",
          "<mtext><xmp><a href=no></xmp></mtext>",
          "<mrow><style><a href=2></a></style></mrow>",
        ],
        ...[
          "<annotation-xml encoding=text/html><p><a href=3></a><xmp><a href=no></xmp></p></annotation-xml>",
        ],
        ...["<annotation-xml><style><a href=4></a></style></annotation-xml>"],
      ),
    ),
    { maxLength: 5 },
  )
  .map((parts) => `<math>${parts.join("")}</math>`);

test("the same links on random pages", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 6, arbitrary: html }, svg, math), { maxLength: 14 }),
      (parts) => {
        const page = `${parts.join("")}<a href=end>`;
        expect(scanned(page)).toEqual(inTree(page));
      },
    ),
    { numRuns: 20_000 },
  );
});

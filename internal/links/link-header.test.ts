import fc from "fast-check";
import { expect, test } from "vitest";
import { parseLinkHeader } from "./link-header.ts";

test.each([
  ["", []],
  [
    '<https://a.example/?page=2>; rel="next"',
    [{ url: "https://a.example/?page=2", rel: ["next"] }],
  ],
  [
    "</a,b;c>;rel=next,</d>;rel=last",
    [
      { url: "/a,b;c", rel: ["next"] },
      { url: "/d", rel: ["last"] },
    ],
  ],
  ['<a>; title="x, <no>; rel=\\"no\\"" ; REL="Next  PREV"', [{ url: "a", rel: ["next", "prev"] }]],
  ["<a>; rel=next; rel=prev", [{ url: "a", rel: ["next"] }]],
  ["<a>; rev=next", [{ url: "a", rel: [] }]],
  [
    "<a>, ,<b> ; rel = next;",
    [
      { url: "a", rel: [] },
      { url: "b", rel: ["next"] },
    ],
  ],
  ['<a>; rel="next"; anchor="#x", <b>; rel=next', [{ url: "b", rel: ["next"] }]],
  ["junk; rel=next, <b>; rel=next", [{ url: "b", rel: ["next"] }]],
  ["<a", []],
  ['<a>; rel="next', [{ url: "a", rel: ["next"] }]],
  ["<a>; x; rel=next; y=", [{ url: "a", rel: ["next"] }]],
  ["< a >;;rel=next", [{ url: "a", rel: ["next"] }]],
])("%j", (value, links) => {
  expect(parseLinkHeader(value)).toEqual(links);
});

test("reads back what was written", () => {
  const word = fc.stringMatching(/^[a-z][a-z0-9.-]{0,8}$/);
  const link = fc.record({
    url: fc.stringMatching(/^[a-z0-9/?=,;&"]{1,20}$/),
    rel: fc.array(word, { minLength: 1, maxLength: 3 }),
    title: fc.string(),
  });
  fc.assert(
    fc.property(fc.array(link), (links) => {
      const header = links.map(
        ({ url, rel, title }) =>
          `<${url}>; title="${title.replace(/["\\]/g, "\\$&")}"; rel="${rel.join(" ")}"`,
      );
      expect(parseLinkHeader(header.join(", "))).toEqual(
        links.map(({ url, rel }) => ({ url, rel })),
      );
    }),
  );
});

test("any text ends", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'<>;,="\\ ra', "rel=") }), (value) => {
      for (const { url } of parseLinkHeader(value)) expect(value).toContain(url);
    }),
  );
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CanonicalOptions } from "../model/pipeline.ts";
import { resolverOf } from "./resolver.ts";
import { canonicalUrl } from "./url.ts";
import { neutralRules, trackingParams, urlRules } from "./url-rules.ts";

const pieces = fc.constantFrom(
  ..."abzAFX019-_.~!$&'()*+,;=:@/?#%[]|\\^`{}<>\" \t\n\r\0\x7fé\u2028\ud800K".split(""),
  ...[
    "..",
    "../",
    "./",
    "/../",
    "/./",
    "//",
    "%2e",
    "%2E",
    "%2F",
    "%41",
    "%c3%a9",
    "%C3%A9",
    "%",
    "%%36",
    "#/",
    "#!",
  ],
  ...[
    "http://",
    "https://",
    "HTTP://",
    "http:",
    "https:",
    "ftp://",
    "mailto:",
    "javascript:",
    "data:,",
  ],
  ...[
    "h.org",
    "site.example",
    "site.example:8080",
    "127.0.0.1",
    "127.1",
    "0x7f.1",
    "[::1]",
    "xn--a",
    "xn--a.org",
    "xn--bcher-kva.de",
  ],
  ...[
    "u:p@",
    ":80",
    ":443",
    ":080",
    ":65535",
    ":65536",
    "a..b",
    "a.",
    ".a",
    "a.1",
    "a.0x1",
    "-a-.b_",
    "ab--cd",
  ],
  ...[
    "?a=1",
    "&utm_source=x",
    "&sid=0123456789abcdef",
    ";jsessionid=A1",
    "/(S(abcdefgh12345678))/",
    "&b=2",
  ],
);
const nasty = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(""));
const usual = fc
  .tuple(
    fc.constantFrom(
      "",
      "/",
      "../",
      "./",
      "../../",
      "http://site.example/",
      "https://h.org:8443/",
      "//h.org/",
      "?",
      "#",
    ),
    fc.array(
      fc.constantFrom("a", "B", "9", "-", ".", "/", "=", "&", "%20", ";", "x.html", "?q=", "#top"),
      { maxLength: 6 },
    ),
  )
  .map(([head, tail]) => head + tail.join(""));
const base = fc.oneof(
  fc.constantFrom(
    "http://site.example/",
    "http://site.example/dir/page.html?q=1&utm_id=2",
    "https://site.example:8080//a/../b/./c//d",
    "https://u:p@Site.example./x;jsessionid=1/y?",
    "http://127.1/a'b/%41%2f/c#f",
    "http://[::1]:8080/(x)/y",
    "ftp://site.example/",
    "data:,x",
    "no base",
    "http://site.example/#/route",
  ),
  usual.map((tail) => `http://site.example/${tail}`),
);
const options = fc.record<CanonicalOptions>({
  query: fc.constantFrom("keep", "sort"),
  dropParams: fc.constantFrom([], trackingParams, ["a", "b*"]),
  sessionIds: fc.constantFrom("drop", "keep"),
  fragment: fc.constantFrom("drop", "routes"),
});

describe("the short way gives what the long way gives", () => {
  test("for links without rules", () => {
    fc.assert(
      fc.property(fc.oneof(nasty, usual, fc.string()), base, (text, from) => {
        expect(resolverOf(from)(text)).toBe(canonicalUrl(text, from));
      }),
      { numRuns: 10_000 },
    );
  });

  test("for routes that a tab or line end is in", () => {
    const routes = {
      query: "keep",
      dropParams: [],
      sessionIds: "keep",
      fragment: "routes",
    } as const;
    const rules = urlRules(routes);
    for (const text of ["#\t/a", "#\n!a", "#\r\n/a", "/b#\t/a", "b#\t\t!a", "?c#\n/a", "# /a"])
      expect(resolverOf("http://site.example/", rules)(text)).toBe(
        rules.exact(text, "http://site.example/"),
      );
  });

  test("for links by any rules", () => {
    fc.assert(
      fc.property(fc.oneof(nasty, usual), base, options, (text, from, wish) => {
        const rules = urlRules(wish);
        expect(resolverOf(from, rules)(text)).toBe(rules.exact(text, from));
      }),
      { numRuns: 5_000 },
    );
  });

  test("for every host and port", () => {
    const hosts = [
      ...[
        "site.example",
        "SITE.example",
        "site.example.",
        "a_b.c-d.org",
        "-a-.b",
        "a..b",
        ".a",
        "a.",
        "a",
        "-",
        "",
      ],
      ...[
        "1.2.3.4",
        "0.0.0.0",
        "255.255.255.255",
        "256.2.3.4",
        "1.2.3.256",
        "01.2.3.4",
        "1.2.3.04",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.4.",
        "1.2.3.0x4",
        "a.2.3.4",
        "1.2.3.4a",
        "a.1",
        "a.0x1",
        "a.1b",
        "0x7f.1",
        "xn--a",
        "xn--bcher-kva.de",
        "a.xn--b",
        "a.xn--p1ai",
        "ab--cd.org",
      ],
      ...[
        "[::1]",
        "u:p@site.example",
        "site.example@evil.org",
        "a b",
        "a%41",
        "bücher.de",
        "site.example.evil.org",
      ],
    ];
    const ports = [
      "",
      ":",
      ":80",
      ":443",
      ":8080",
      ":80801",
      ":0",
      ":08",
      ":65535",
      ":65536",
      ":8a",
    ];
    const tails = ["", "/", "/a", "?q", "#f", "0", "@evil.org/", ".evil.org/"];
    const bases = [
      "http://site.example/",
      "https://site.example:8080/x",
      "http://site.example:8080/",
    ];
    for (const from of bases) {
      const resolve = resolverOf(from);
      for (const scheme of ["http://", "https://", "//"])
        for (const host of hosts)
          for (const port of ports)
            for (const tail of tails) {
              const text = scheme + host + port + tail;
              expect(resolve(text), `${text} on ${from}`).toBe(canonicalUrl(text, from));
            }
    }
  });

  test("for parameters of the base's path and query, by all rules", () => {
    const bases = [
      "http://site.example/x;jsessionid=1/y?utm_id=2&sid=0123456789abcdef",
      "http://site.example/(S(abcdefgh12345678))/y?b=2&a=1#/route",
    ];
    const texts = [
      "",
      "#f",
      "#/r",
      "#!",
      "?",
      "?b=1&a=2",
      "?utm_id=1",
      "z",
      "z;jsessionid=2",
      "./z?a#/q",
      "../z",
      "/z#!r",
    ];
    const rules = (["keep", "sort"] as const).flatMap((query) =>
      (["drop", "keep"] as const).flatMap((sessionIds) =>
        (["drop", "routes"] as const).flatMap((fragment) =>
          [[], trackingParams].map((dropParams) =>
            urlRules({ query, sessionIds, fragment, dropParams }),
          ),
        ),
      ),
    );
    for (const each of rules)
      for (const from of bases)
        for (const text of texts)
          expect(resolverOf(from, each)(text), `${text} on ${from}`).toBe(each.exact(text, from));
  });

  test("for every character in every place", () => {
    const from = "https://site.example:8080/dir/page?q";
    const resolve = resolverOf(from);
    for (let code = 0; code < 0x180; code += 1) {
      const letter = String.fromCharCode(code);
      for (const text of [
        letter,
        `/${letter}`,
        `a${letter}b`,
        `/a/${letter}/b`,
        `../${letter}`,
        `?${letter}`,
        `/a?b${letter}`,
        `/%${letter}0/%4${letter}`,
        `http://${letter}/`,
        `http://a${letter}b.org/`,
        `https://a.org${letter}`,
        `https://a.org:8${letter}/`,
        `//a.${letter}x/`,
        `h${letter}ttp://a.org`,
      ])
        expect(resolve(text), JSON.stringify(text)).toBe(canonicalUrl(text, from));
    }
  });
});

test("usual links take the short way", () => {
  let parsed = 0;
  const counting = {
    ...neutralRules,
    exact(text: string, from?: string) {
      parsed += 1;
      return neutralRules.exact(text, from);
    },
  };
  const resolve = resolverOf("https://docs.site.example:8443/guide/intro.html?v=1", counting);
  const links = [
    ["/a/b.html", "https://docs.site.example:8443/a/b.html"],
    ["next.html#part", "https://docs.site.example:8443/guide/next.html"],
    ["../../../x/%20y", "https://docs.site.example:8443/x/%20y"],
    ["./.well-known/?a=b'", null],
    ["?page=2&x=%3D", "https://docs.site.example:8443/guide/intro.html?page=2&x=%3D"],
    ["#top", "https://docs.site.example:8443/guide/intro.html?v=1"],
    ["", "https://docs.site.example:8443/guide/intro.html?v=1"],
    ["https://docs.site.example:8443/it's", "https://docs.site.example:8443/it's"],
    ["http://other.example", "http://other.example/"],
    ["//cdn.example:81/@x/(y)", "https://cdn.example:81/@x/(y)"],
    ["mailto:a@b.example", null],
    ["JavaScript:void(0)", null],
  ] as const;
  for (const [text, url] of links)
    expect(resolve(text)).toBe(url ?? canonicalUrl(text, "https://docs.site.example:8443/guide/"));
  expect(parsed).toBe(1);
});

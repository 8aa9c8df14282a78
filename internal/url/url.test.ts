import fc from "fast-check";
import { expect, test } from "vitest";
import { siteOf } from "./registrable-domain.ts";
import { authorityOf, canonicalUrl, hostOf, originEnd } from "./url.ts";

test.each([
  ["HTTP://Example.COM:80/a/../b", "http://example.com/b"],
  ["https://example.com:443", "https://example.com/"],
  ["https://example.com:8443/", "https://example.com:8443/"],
  ["https://user:secret@example.com/a", "https://example.com/a"],
  ["https://example.com/a#part", "https://example.com/a"],
  ["https://example.com/a?", "https://example.com/a"],
  ["https://example.com/a?#", "https://example.com/a"],
  ["https://example.com/?b=2&a=1", "https://example.com/?b=2&a=1"],
  ["https://example.com./a", "https://example.com/a"],
  ["https://example.com../a", "https://example.com/a"],
  ["http://foo.com/%66oo.ht%6d%6c", "http://foo.com/foo.html"],
  ["http://foo.com/%7euser/%2D%2e%5f", "http://foo.com/~user/-._"],
  ["http://foo.com/a%c0?q=%2f%3a", "http://foo.com/a%C0?q=%2F%3A"],
  ["http://foo.com/a%23b%2Fc%20d", "http://foo.com/a%23b%2Fc%20d"],
  ["http://foo.com/100%/%%36%36/%4%31", "http://foo.com/100%/%%366/%4%31"],
  ["http://foo.com/%2566", "http://foo.com/%2566"],
  ["http://foo.com//a//b/", "http://foo.com//a//b/"],
  ["http://foo.com/en Español", "http://foo.com/en%20Espa%C3%B1ol"],
  ["http://bücher.de/", "http://xn--bcher-kva.de/"],
  ["http://[2001:DB8::1]:80/", "http://[2001:db8::1]/"],
  ["http://0x7f.1/", "http://127.0.0.1/"],
  [" https://example.com/a\n", "https://example.com/a"],
])("%s becomes %s", (text, canonical) => {
  expect(canonicalUrl(text)).toBe(canonical);
});

test.each([
  "mailto:a@b.c",
  "javascript:void(0)",
  "ftp://a/b",
  "file:///etc/passwd",
  "/no/base",
  "",
  "http://",
  "http://./",
  "http://abc%FEdef.org/",
  "http://1.2.3.999../",
])("%s is no URL to fetch", (text) => {
  expect(canonicalUrl(text)).toBeNull();
});

test.each([
  ["../c?d", "https://a.org/x/y/z", "https://a.org/x/c?d"],
  ["//b.org/c", "https://a.org/x", "https://b.org/c"],
  ["?q=1", "https://a.org/x?p", "https://a.org/x?q=1"],
  ["#top", "https://a.org/x?p", "https://a.org/x?p"],
  ["/a", "nothing", null],
])("%s on %s is %s", (text, base, canonical) => {
  expect(canonicalUrl(text, base)).toBe(canonical);
});

const snippet = fc.constantFrom(
  ..."%./?#@:&=a6fFz~é \\[]{}'|".split(""),
  ...["%%", "%2e", "%2F", "%36", "%4", "%25", "%c3%a9", "..", "//"],
);
const nastyUrl = fc
  .tuple(
    fc.constantFrom("http://h.org", "https://h.org.", "http://u:p@h.org:80", "http://127.1"),
    fc.array(snippet, { maxLength: 25 }),
  )
  .map(([head, tail]) => `${head}/${tail.join("")}`);

// fc.webUrl makes 50 of these in the time this makes all.
const usualUrl = fc
  .tuple(
    fc.constantFrom("http", "https"),
    fc.stringMatching(/^[a-z0-9]{1,10}\.[a-z]{2,5}$/),
    fc.string({ unit: "grapheme-ascii", maxLength: 30 }),
  )
  .map(([scheme, host, tail]) => `${scheme}://${host}/${tail}`);

test("a canonical URL is its own canonical form, and asks for the same thing", () => {
  fc.assert(
    fc.property(fc.oneof(nastyUrl, usualUrl), (text) => {
      const canonical = canonicalUrl(text);
      if (canonical === null) throw new Error("lost a URL");
      expect(canonicalUrl(canonical)).toBe(canonical);
      const [before, after] = [new URL(text), new URL(canonical)];
      const decoded = (path: string) => Buffer.from(unescape(path), "latin1").toString("hex");
      expect(decoded(after.pathname)).toBe(decoded(before.pathname));
      expect(authorityOf(canonical)).toBe(authorityOf(text).replace(".:", ":"));
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["http://example.com/", "example.com:80"],
  ["https://example.com/a", "example.com:443"],
  ["https://example.com:8443/a", "example.com:8443"],
  ["http://[::1]/", "[::1]:80"],
])("the authority of %s is %s", (url, authority) => {
  expect(authorityOf(url)).toBe(authority);
});

test("the parts of a canonical URL are found without parsing it", () => {
  const host = fc.constantFrom("a.org", "b.co.uk", "x.b.co.uk", "127.0.0.1", "[::1]", "localhost");
  const port = fc.constantFrom("", ":8080", ":1");
  const tail = fc.constantFrom("/", "/a:1/b", "/?u=http://c:2/]:3", "/#/a:1");
  const scheme = fc.constantFrom("http", "https");
  fc.assert(
    fc.property(fc.tuple(scheme, host, port, tail), ([scheme, host, port, tail]) => {
      const origin = `${scheme}://${host}${port}`;
      const url = origin + tail;
      expect(url.slice(0, originEnd(url))).toBe(origin);
      expect(hostOf(url)).toBe(host);
      expect(authorityOf(url)).toBe(`${host}${port || (scheme === "http" ? ":80" : ":443")}`);
      expect(siteOf(url)).toBe(host === "x.b.co.uk" ? "b.co.uk" : host);
    }),
    { numRuns: 300 },
  );
});

test("origins that look alike are told apart, however they are spelled", () => {
  const spelled = [
    "http://a.org/",
    "http://a.org:81/",
    "http:////a.org/",
    "http://A.org/",
    "https://a.org",
  ];
  const more = [
    "http://a.org@b.org/",
    "http://a.org?/@b.org/",
    "http://a.org\\/c",
    "http:/c.org/a/b",
  ];
  const authorities = ["a.org:80", "a.org:81", "a.org:80", "a.org:80", "a.org:443"];
  for (let round = 0; round < 2; round += 1) {
    expect(spelled.map(authorityOf)).toEqual(authorities);
    expect(more.map(authorityOf)).toEqual(["b.org:80", "a.org:80", "a.org:80", "c.org:80"]);
    expect(() => authorityOf("http:///")).toThrow(TypeError);
  }
});

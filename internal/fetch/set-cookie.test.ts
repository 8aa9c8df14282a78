import fc from "fast-check";
import { expect, test } from "vitest";
import { CookieJars } from "./cookie-jars.ts";
import { cookieDateMs, parseSetCookie } from "./set-cookie.ts";

const nowMs = Date.UTC(2026, 0, 1);

/** What goes with a request for `to` after `from` has set `cookies`. */
function sent(from: string, cookies: string[], to: string, atMs = nowMs): string {
  const clock = { nowMs };
  const jars = new CookieJars(() => clock.nowMs);
  jars.store(
    new URL(from),
    cookies.map((cookie) => ["Set-Cookie", cookie]),
  );
  clock.nowMs = atMs;
  return jars.headerFor(new URL(to));
}

test.each([
  ["http://a.example/", "k=v", "http://a.example/x", "k=v"],
  ["http://a.example/", "k=v", "http://b.a.example/", ""],
  ["http://a.example/", "k=v", "https://a.example:8443/", "k=v"],
  ["http://a.example/", "k=v; Domain=a.example", "http://b.a.example/", "k=v"],
  ["http://b.a.example/", "k=v; Domain=.A.example", "http://a.example/", "k=v"],
  ["http://b.a.example/", "k=v; Domain=b.a.example", "http://a.example/", ""],
  ["http://a.example/", "k=v; Domain=other.example", "http://other.example/", ""],
  ["http://a.co.uk/", "k=v; Domain=co.uk", "http://b.co.uk/", ""],
  ["http://a.github.io/", "k=v; Domain=github.io", "http://b.github.io/", ""],
  ["http://a.localhost/", "k=v; Domain=localhost", "http://b.localhost/", ""],
  ["http://127.0.0.1/", "k=v; Domain=127.0.0.1", "http://127.0.0.1/", "k=v"],
  ["http://1.0.0.1/", "k=v; Domain=0.0.1", "http://1.0.0.1/", ""],
  ["http://a.example/", "k=v; Path=/x", "http://a.example/x/y", "k=v"],
  ["http://a.example/", "k=v; Path=/x", "http://a.example/xy", ""],
  ["http://a.example/d/e", "k=v", "http://a.example/d/f", "k=v"],
  ["http://a.example/d/e", "k=v", "http://a.example/", ""],
  ["http://a.example/", "k=v; Path=no", "http://a.example/", "k=v"],
  ["https://a.example/", "k=v; Secure", "http://a.example/", ""],
  ["https://a.example/", "k=v; Secure", "https://a.example/", "k=v"],
  ["http://a.example/", "k=v; Secure", "https://a.example/", ""],
  ["http://a.example/", "k=v; Max-Age=0", "http://a.example/", ""],
  ["http://a.example/", "k=v; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "http://a.example/", ""],
  [
    "http://a.example/",
    "k=v; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "http://a.example/",
    "k=v",
  ],
  ["http://a.example/", " k = v w ;x", "http://a.example/", "k=v w"],
  ["http://a.example/", 'k="v"', "http://a.example/", 'k="v"'],
  ["http://a.example/", "k=v=w", "http://a.example/", "k=v=w"],
  ["http://a.example/", "alone", "http://a.example/", "alone"],
  ["http://a.example/", "=", "http://a.example/", ""],
  ["http://a.example/", "", "http://a.example/", ""],
  ["http://a.example/", "k=v\x01", "http://a.example/", ""],
  ["http://a.example/", `k=${"v".repeat(5_000)}`, "http://a.example/", ""],
])("from %s %s to %s: %s", (from, cookie, to, expected) => {
  expect(sent(from, [cookie], to)).toBe(expected);
});

test("a later one replaces an earlier one, or takes it back; longer paths go first", () => {
  const at = "http://a.example/x/y";
  expect(sent(at, ["a=1; Path=/", "b=2; Path=/x", "a=3; Path=/"], at)).toBe("b=2; a=3");
  expect(sent(at, ["a=1", "b=2", "a=; Max-Age=-1"], at)).toBe("b=2");
});

test("cookies end", () => {
  const at = "http://a.example/";
  expect(sent(at, ["a=1; Max-Age=60"], at, nowMs + 59_999)).toBe("a=1");
  expect(sent(at, ["a=1; Max-Age=60"], at, nowMs + 60_000)).toBe("");
});

test("a site that sets without end is bounded, and so is the header", () => {
  const at = "http://a.example/";
  const many = Array.from({ length: 200 }, (_, n) => `n${n}=${"x".repeat(500)}`);
  const header = sent(at, many, at);
  expect(header.length).toBeLessThanOrEqual(8_192);
  expect(header).toContain("n150=");
  expect(header).not.toContain("n149=");
});

test.each([
  ["Sun, 06 Nov 1994 08:49:37 GMT", Date.UTC(1994, 10, 6, 8, 49, 37)],
  ["Sunday, 06-Nov-94 08:49:37 GMT", Date.UTC(1994, 10, 6, 8, 49, 37)],
  ["Sun Nov  6 08:49:37 1994", Date.UTC(1994, 10, 6, 8, 49, 37)],
  ["6 nov 2069 8:9:7", Date.UTC(2069, 10, 6, 8, 9, 7)],
  ["Wed, 31-Dec-69 23:59:59", Date.UTC(2069, 11, 31, 23, 59, 59)],
  ["Wed, 31-Dec-70 23:59:59", Date.UTC(1970, 11, 31, 23, 59, 59)],
  ["31 Feb 2026 00:00:00", null],
  ["6 Nov 1600 00:00:00", null],
  ["6 Nov 2026 24:00:00", null],
  ["tomorrow", null],
  ["", null],
])("the date %s", (text, expected) => {
  expect(cookieDateMs(text)).toBe(expected);
});

test("no header of a server makes a cookie that would be more than one header", () => {
  const url = new URL("https://a.example/");
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const header = Buffer.from(bytes).toString("latin1");
      const cookie = parseSetCookie(header, url, nowMs);
      expect(`${cookie?.name}${cookie?.value}`).not.toMatch(/[\r\n\0;]/);
    }),
  );
});

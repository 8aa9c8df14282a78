import fc from "fast-check";
import { expect, test } from "vitest";
import { threadCpuMs } from "../../test/support/cpu-time.ts";
import { parseRobots } from "./robots.ts";

const parse = (text: string, token = "onpoint") => parseRobots(Buffer.from(text, "utf8"), token);

/** Whether the file allows the path to `onpoint`, said with `+` and `-` for each of the paths. */
const verdicts = (text: string, paths: readonly string[]) => {
  const robots = parse(text);
  return paths.map((path) => (robots.allows(path) ? "+" : "-") + path);
};

test("RFC 9309 section 5.1, the simple example", () => {
  const text = [
    "User-Agent: *",
    "Disallow: *.gif$",
    "Disallow: /example/",
    "Allow: /publications/",
    "",
    "User-Agent: foobot",
    "Disallow:/",
    "Allow:/example/page.html",
    "Allow:/example/allowed.gif",
    "",
    "User-Agent: barbot",
    "User-Agent: bazbot",
    "Disallow: /example/page.html",
    "",
    "User-Agent: quxbot",
  ].join("\n");
  const table: Record<string, [string, boolean][]> = {
    anybot: [
      ["/a.gif", false],
      ["/a.gif?x", true],
      ["/example/page.html", false],
      ["/publications/a.html", true],
      ["/publications/a.gif", true],
      ["/", true],
    ],
    foobot: [
      ["/", false],
      ["/example/page.html", true],
      ["/example/allowed.gif", true],
      ["/publications/", false],
    ],
    barbot: [
      ["/example/page.html", false],
      ["/example/", true],
    ],
    BazBot: [
      ["/example/page.html", false],
      ["/a.gif", true],
    ],
    quxbot: [
      ["/example/page.html", true],
      ["/a.gif", true],
    ],
  };
  for (const [token, rows] of Object.entries(table)) {
    for (const [path, allowed] of rows)
      expect([token, path, parse(text, token).allows(path)]).toEqual([token, path, allowed]);
  }
});

test("RFC 9309 section 5.2, the longest match", () => {
  const text = "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif";
  expect(parse(text, "foobot").allows("/example/page/disallowed.gif")).toBe(false);
  expect(parse(text, "foobot").allows("/example/page/")).toBe(true);
});

test("RFC 9309 section 2.2.1, merged groups", () => {
  const text = [
    "user-agent: ExampleBot",
    "disallow: /foo",
    "disallow: /bar",
    "",
    "user-agent: ExampleBot",
    "disallow: /baz",
  ].join("\n");
  const robots = parse(text, "ExampleBot");
  expect(["/foo", "/bar", "/baz", "/x"].map(robots.allows)).toEqual([false, false, false, true]);
});

/** Rules for everybody, and what they say of each path. */
test.each<[string, string[]]>([
  ["", ["+/", "+/a"]],
  ["Disallow: /", ["-/", "-/a?b", "+/robots.txt", "-/robots.txt.bak"]],
  ["Disallow:", ["+/", "+/a"]],
  ["Disallow: /a", ["-/a", "-/ab", "-/a/b", "-/a?x", "+/A", "+/b/a", "+/"]],
  ["Disallow: /a/", ["+/a", "-/a/", "-/a/b"]],
  ["Disallow: /a$", ["-/a", "+/a/", "+/ab", "+/a?"]],
  ["Disallow: /$", ["-/", "+/a"]],
  ["Disallow: $", ["+/", "+/a"]],
  ["Disallow: /a$b", ["-/a$b", "-/a%24b", "+/a", "+/ab"]],
  ["Disallow: /a%24", ["-/a$", "-/a$b", "+/a"]],
  ["Disallow: /*.php", ["-/x.php", "-/x/y.php?z", "-/?a=.php", "+/php", "+/x.PHP"]],
  ["Disallow: /*.php$", ["-/x.php", "+/x.php?z", "-/x.php/y.php"]],
  ["Disallow: *.gif$", ["-/a.gif", "-/.gif", "+/a.gif2"]],
  ["Disallow: /a*", ["-/a", "-/ab", "+/b"]],
  ["Disallow: /a**b***c", ["-/abc", "-/a1b2c3", "+/acb"]],
  ["Disallow: /*a*b*c$", ["-/abc", "-/xaxbxcxc", "+/abcx", "+/acb"]],
  ["Disallow: /ab*ab$", ["-/abab", "+/ab", "+/aba"]],
  ["Disallow: *", ["-/", "-/a"]],
  ["Disallow: a", ["+/a", "+/"]],
  ["Disallow: /a%2Ab", ["-/a*b", "-/a%2ab", "+/axb"]],
  ["Disallow: /a%2Fb", ["-/a%2fb", "+/a/b"]],
  ["Disallow: /a/b", ["-/a/b", "+/a%2Fb"]],
  ["Disallow: /%62%61%7A", ["-/baz", "-/%62az", "-/b%61z"]],
  ["Disallow: /baz", ["-/%62%61%7a"]],
  ["Disallow: /%7Euser", ["-/~user", "-/%7euser"]],
  ["Disallow: /foo/ツ", ["-/foo/ツ", "-/foo/%E3%83%84", "-/foo/%e3%83%84", "+/foo/"]],
  ["Disallow: /foo/%E3%83%84", ["-/foo/ツ"]],
  ["Disallow: /à", ["-/à", "-/%C3%A0", "+/%C3"]],
  ["Disallow: /a b", ["-/a%20b", "-/a b", "+/a"]],
  ["Disallow: /?q='{x}'", ["-/?q=%27%7Bx%7D%27"]],
  ["Disallow: /100%", ["-/100%", "-/100%/a", "+/100"]],
  ["Disallow: /?a", ["-/?a=1", "+/", "+/x?a"]],
  ["Allow: /p\nDisallow: /", ["+/page", "-/x"]],
  ["Disallow: /p\nAllow: /p", ["+/page"]],
  ["Allow: /p\nDisallow: /p", ["+/page"]],
  ["Allow: /page\nDisallow: /*.htm", ["-/page.htm", "+/page"]],
  ["Allow: /$\nDisallow: /", ["+/", "-/page"]],
  ["Disallow: /\nAllow: /ツ", ["+/ツ", "-/x"]],
  ["disallow : /a", ["-/a"]],
  ["DISALLOW:/a", ["-/a"]],
  [" \tDisallow:\t/a \t", ["-/a"]],
  ["Disallow /a", ["-/a"]],
  ["Disallow /a /b", ["+/a", "+/b"]],
  ["Dissallow: /a", ["-/a"]],
  ["Disallow: /a # not /b", ["-/a", "+/b"]],
  ["Disallow: /a#b", ["-/ab", "-/a"]],
  ["# Disallow: /", ["+/a"]],
  ["Disallow: /a\nnonsense\n: /\n:\nDisallow\nDisallow: /b", ["-/a", "-/b", "+/c"]],
  ["Noindex: /a\nDisallow: /b", ["+/a", "-/b"]],
  ["__proto__: /a\nconstructor: /b\nDisallow: /c", ["+/a", "-/c"]],
])("%j", (rules, expected) => {
  const paths = expected.map((verdict) => verdict.slice(1));
  expect(verdicts(`User-agent: *\n${rules}`, paths)).toEqual(expected);
});

/** Whole files, and what they say of each path. */
test.each<[string, string[]]>([
  ["Disallow: /", ["+/a"]],
  ["Disallow: /a\nUser-agent: *\nDisallow: /b", ["+/a", "-/b"]],
  ["User-agent: other\nDisallow: /", ["+/a"]],
  ["User-agent: *\nDisallow: /a\nUser-agent: onpoint\nDisallow: /b", ["+/a", "-/b"]],
  ["User-agent: onpoint\nDisallow: /b\nUser-agent: *\nDisallow: /a", ["+/a", "-/b"]],
  ["User-agent: *\nDisallow: /a\nUser-agent: onpoint", ["+/a"]],
  ["User-agent: *\nDisallow: /a\n\nUser-agent: *\nDisallow: /b", ["-/a", "-/b"]],
  ["User-agent: onpoint\nUser-agent: *\nDisallow: /a", ["-/a"]],
  [
    "User-agent: onpoint\nDisallow: /a\nUser-agent: x\nUser-agent: ONPOINT\nDisallow: /b",
    ["-/a", "-/b"],
  ],
  ["User-agent: onpoint\n\n\nDisallow: /a", ["-/a"]],
  ["User-agent: onpoint\nSitemap: http://h/s\nUser-agent: *\nDisallow: /a", ["-/a"]],
  ["User-agent: onpoint\nCrawl-delay: 5\nUser-agent: *\nDisallow: /a", ["-/a"]],
  ["User-agent: onpoint\nWhatever: 5\nUser-agent: *\nDisallow: /a", ["-/a"]],
  ["User-agent: onpoint\nDisallow:\nUser-agent: *\nDisallow: /a", ["+/a"]],
  ["User-agent: onpoint/1.0 (news)\nDisallow: /a", ["-/a"]],
  ["User-agent: onpoint news\nDisallow: /a", ["-/a"]],
  ["User-agent: onpoint-news\nDisallow: /a", ["+/a"]],
  ["User-agent: on\nDisallow: /a", ["+/a"]],
  ["User-agent: * # all\nDisallow: /a", ["-/a"]],
  ["User-agent: * all\nDisallow: /a", ["-/a"]],
  ["User-agent: *bot\nDisallow: /a", ["+/a"]],
  ["User-agent:\nDisallow: /a", ["+/a"]],
  ["user-agent *\ndisallow /a", ["-/a"]],
  ["Useragent: *\nDisallow: /a", ["-/a"]],
  ["\uFEFFUser-agent: *\nDisallow: /a", ["-/a"]],
  ["User-agent: *\rDisallow: /a\rDisallow: /b", ["-/a", "-/b", "+/c"]],
  ["User-agent: *\r\nDisallow: /a\r\n\r\nDisallow: /b", ["-/a", "-/b", "+/c"]],
  ["User-agent: *\n\rDisallow: /a$\r\r\nDisallow: /b\n", ["-/a", "+/ax", "-/b"]],
  ["<!doctype html><html><body>User-agent: *<br>Disallow: /</body></html>", ["+/a"]],
])("%j", (text, expected) => {
  const paths = expected.map((verdict) => verdict.slice(1));
  expect(verdicts(text, paths)).toEqual(expected);
});

test.each<[string, number | null]>([
  ["User-agent: *\nCrawl-delay: 10", 10_000],
  ["User-agent: *\nCrawl-delay: 0.5", 500],
  ["User-agent: *\nCrawl-delay: .5", 500],
  ["User-agent: *\nCrawl-delay: 0", 0],
  ["User-agent: *\nCrawl-delay: 86400", 86_400_000],
  ["User-agent: *\nCrawl-delay: -1", null],
  ["User-agent: *\nCrawl-delay: 10s", null],
  ["User-agent: *\nCrawl-delay: 1e3", null],
  ["User-agent: *\nCrawl-delay:", null],
  [`User-agent: *\nCrawl-delay: ${"9".repeat(400)}`, null],
  ["Crawl-delay: 10\nUser-agent: *", null],
  ["User-agent: other\nCrawl-delay: 10", null],
  ["User-agent: *\nCrawl-delay: 10\nUser-agent: onpoint\nCrawl-delay: 2", 2000],
  ["User-agent: onpoint\nCrawl-delay: 2\nUser-agent: *\nCrawl-delay: 10", 2000],
  ["User-agent: *\nCrawl-delay: 10\nUser-agent: onpoint\nDisallow: /a", null],
  ["User-agent: onpoint\nCrawl-delay: 2\nDisallow: /\nUser-agent: onpoint\nCrawl-delay: 7", 7000],
  ["User-agent: onpoint\nCrawl-delay: 7\nCrawl-delay: 2", 7000],
  ["User-agent: onpoint\nCrawl-delay: 7\nCrawl-delay: soon", 7000],
  ["User-agent: onpoint\nCrawl-delay: 7\nUser-agent: other\nDisallow: /private", 7000],
  ["User-agent: onpoint\nUser-agent: x\nCrawl-delay: 7\nUser-agent: y\nCrawl-delay: 9", 7000],
  [
    "User-agent: onpoint\nDisallow: /a\nCrawl-delay: 7\nDisallow: /b\nUser-agent: x\nCrawl-delay: 9",
    7000,
  ],
  ["User-agent: onpoint\nCrawl-delay: 7\nDisallow: /a\nCrawl-delay: 9", 9000],
])("crawl-delay of %j is %s", (text, delayMs) => {
  expect(parse(text).crawlDelayMs).toBe(delayMs);
});

test("sitemaps count wherever they stand, once each, if they are URLs", () => {
  const text = [
    "Sitemap: https://h.org/a.xml",
    "User-agent: other",
    "sitemap:https://h.org/%62.xml?x=1",
    "Disallow: /",
    "Sitemap: https://H.org/a.xml # again",
    "Site-map: http://cdn.org/ü.xml",
    "Sitemap: /relative.xml",
    "Sitemap: mailto:a@b.c",
  ].join("\n");
  const expected = ["https://h.org/a.xml", "https://h.org/b.xml?x=1", "http://cdn.org/%C3%BC.xml"];
  expect(parse(text).sitemaps).toEqual(expected);
});

test("hasRules says whether any rule binds us", () => {
  expect(parse("").hasRules).toBe(false);
  expect(parse("User-agent: *\nDisallow:").hasRules).toBe(false);
  expect(parse("User-agent: other\nDisallow: /").hasRules).toBe(false);
  expect(parse("User-agent: *\nDisallow: /\nUser-agent: onpoint\nDisallow:").hasRules).toBe(false);
  expect(parse("User-agent: *\nAllow: /").hasRules).toBe(true);
});

test("no product token is nobody's, not everybody's", () => {
  expect(parse("User-agent: 123\nDisallow: /", "").allows("/")).toBe(true);
  expect(parse("User-agent: *\nDisallow: /", "").allows("/")).toBe(false);
});

test("every rule before 500 KiB counts, and half a rule is none", () => {
  const head = "User-agent: *\nDisallow: /a\n";
  const filler = `${"#".repeat(500 * 1024 - head.length - "Disallow: /".length - 1)}\n`;
  const cut = parse(`${head}${filler}Disallow: /private\nDisallow: /b\n`);
  expect(["/a", "/", "/private", "/b"].map(cut.allows)).toEqual([false, true, true, true]);
  const whole = parse(`${head}${filler}Disallow: /\nDisallow: /b\n`);
  expect(whole.allows("/x")).toBe(false);
});

test("UTF-16 is read when it says so", () => {
  const text = Buffer.from("\uFEFFUser-agent: *\r\nDisallow: /a", "utf16le");
  expect(parseRobots(text, "onpoint").allows("/a")).toBe(false);
  expect(parseRobots(text.swap16(), "onpoint").allows("/a")).toBe(false);
});

test("any bytes are read without an error", () => {
  const line = fc.constantFrom(
    "User-agent: *",
    "Disallow: /",
    "Allow:",
    ":",
    "#",
    "\xff\xfe",
    "\r",
    "%",
    "*$",
  );
  const text = fc.array(line).map((lines) => Buffer.from(lines.join("\n"), "latin1"));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), text), fc.string(), (body, path) => {
      expect(typeof parseRobots(body, "onpoint").allows(path)).toBe("boolean");
    }),
  );
});

test("a line counts up to 16,663 octets, as it does for Google", () => {
  const long = `/x/${"a".repeat(16_663 - "Disallow: /x//".length)}/`;
  const cut = parse(`User-agent: *\nDisallow: ${long}qux\nDisallow: /b`);
  expect([`${long}fux`, `${long}qux`, "/x/", "/b"].map(cut.allows)).toEqual([
    false,
    false,
    true,
    false,
  ]);
  const longer = `/x/${"b".repeat(16_663 - "Allow: /x//".length)}/`;
  const open = parse(`User-agent: *\nDisallow: /\nAllow: ${longer}qux`);
  expect(["/", long, `${longer}fux`].map(open.allows)).toEqual([false, false, true]);
});

test("a sitemap without a host is at the file's own", () => {
  const body = Buffer.from("Sitemap: /s.xml\nSitemap: t.xml\nSitemap: //cdn.example/u.xml");
  expect(parseRobots(body, "onpoint", "https://h.org/robots.txt").sitemaps).toEqual([
    "https://h.org/s.xml",
    "https://h.org/t.xml",
    "https://cdn.example/u.xml",
  ]);
});

test("hostile files and paths cost no more than their length", () => {
  const path = `/${"a".repeat(16_000)}`;
  const startedMs = threadCpuMs();
  expect(parse(`User-agent: *\nDisallow: /${"*a".repeat(5000)}*b`).allows(path)).toBe(true);
  expect(parse(`User-agent: *\nDisallow: /${"*".repeat(16_000)}b`).allows(path)).toBe(true);
  expect(parse(`User-agent: *\nDisallow: /*${"a".repeat(8_000)}b`).allows(path)).toBe(true);
  expect(parse(`User-agent: *\nDisallow: /*b${"a".repeat(8_000)}`).allows(path)).toBe(true);
  expect(parse(`User-agent: *\nDisallow: /a${" ".repeat(400_000)}b`).allows(path)).toBe(false);
  expect(parse(`User-agent: *\nCrawl-delay: ${"9".repeat(400_000)}x`).crawlDelayMs).toBeNull();
  expect(parse("User-agent: *\n".repeat(35_000)).allows(path)).toBe(true);
  expect(parse(`<html>\n${"<".repeat(16_000)}\n`.repeat(30)).allows(path)).toBe(true);
  const full = `User-agent: *\n${`Disallow: /${"*a".repeat(100)}*b\n`.repeat(2_300)}`;
  expect(full.length).toBeLessThan(500 * 1024);
  expect(parse(full).allows(path)).toBe(true);
  const lengths = Array.from({ length: 990 }, (_, n) => `Disallow: /${"a".repeat(n)}b`);
  expect(parse(`User-agent: *\n${lengths.join("\n")}`).allows(path)).toBe(true);
  expect(threadCpuMs() - startedMs).toBeLessThan(2_000);
});

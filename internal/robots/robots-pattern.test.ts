// The matcher against one written for this test alone: slow, and by the text of RFC 9309 sections 2.2.2 and 2.2.3.
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRobots } from "./robots.ts";
import { matchesPath, robotsPath, robotsPattern } from "./robots-pattern.ts";

const unreserved = /[A-Za-z0-9._~-]/;
/** Octets that stand for themselves in a canonical URL; `'` does not (WHATWG encodes it in queries). */
const bare = /[A-Za-z0-9._~\-/?:@!&()+,;=[\]%]/;

/** One entry an octet: the octet itself, or `%XX`. A star or dollar sign that is a sign stays bare if `isPattern`. */
function octetsOf(text: string, isPattern: boolean): string[] {
  const bytes = [...Buffer.from(text, "utf8")];
  const octets: string[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    const char = String.fromCharCode(bytes[at] ?? 0);
    const pair = String.fromCharCode(bytes[at + 1] ?? 0, bytes[at + 2] ?? 0);
    if (char === "%" && /^[0-9A-Fa-f]{2}$/.test(pair)) {
      const decoded = String.fromCharCode(Number.parseInt(pair, 16));
      octets.push(unreserved.test(decoded) ? decoded : `%${pair.toUpperCase()}`);
      at += 2;
    } else {
      const isSign = char === "*" || (char === "$" && at === bytes.length - 1);
      const isBare = isPattern && isSign ? true : bare.test(char);
      octets.push(isBare ? char : `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
    }
  }
  return octets;
}

/** Tries every length of every star. */
function naiveMatch(pattern: readonly string[], path: readonly string[]): boolean {
  const [sign, ...rest] = pattern;
  if (sign === undefined) return true;
  if (sign === "$" && rest.length === 0) return path.length === 0;
  if (sign === "*")
    return Array.from({ length: path.length + 1 }, (_, n) => n).some((n) =>
      naiveMatch(rest, path.slice(n)),
    );
  return path[0] === sign && naiveMatch(rest, path.slice(1));
}

const piece = fc.constantFrom("a", "b", "/", "*", "$", "ab", "%61", "%2F", "%2f", "é", "%C3%A9");
const odd = fc.constantFrom('"', "%22", "?", "=", "%2a", "%24", "'", "~", "%7E", "|");
const textOf = (maxLength: number) =>
  fc
    .array(fc.oneof({ weight: 4, arbitrary: piece }, odd), { maxLength })
    .map((pieces) => `/${pieces.join("")}`);

test("a pattern matches what the naive matcher matches", () => {
  fc.assert(
    fc.property(textOf(8), textOf(10), (pattern, path) => {
      const compiled = robotsPattern(Buffer.from(pattern, "utf8").toString("latin1"));
      const expected = naiveMatch(octetsOf(pattern, true), octetsOf(path, false));
      expect(compiled !== null && matchesPath(compiled, robotsPath(path))).toBe(expected);
    }),
    { numRuns: 3_000 },
  );
});

test("a pattern matches what it was made of", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(textOf(3), fc.boolean())), textOf(3), (parts, tail) => {
      const clean = (text: string) => text.replaceAll(/[*$]/g, "");
      const pattern = parts.map(([text, star]) => clean(text) + (star ? "*" : "")).join("");
      const path = parts.map(([text, star]) => clean(text) + (star ? clean(tail) : "")).join("");
      const compiled = robotsPattern(Buffer.from(`/${pattern}`, "utf8").toString("latin1"));
      expect(compiled !== null && matchesPath(compiled, robotsPath(`/${path}`))).toBe(true);
    }),
  );
});

test("of all rules that match, the one of most octets decides, allow before disallow", () => {
  const rule = fc.record({ isAllow: fc.boolean(), pattern: textOf(4) });
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 8 }), textOf(5), (rules, path) => {
      const lines = rules.map(
        ({ isAllow, pattern }) => `${isAllow ? "Allow" : "Disallow"}: ${pattern}`,
      );
      const body = Buffer.from(["User-agent: *", ...lines].join("\n"), "utf8");
      let decided = { octets: -1, isAllow: true };
      for (const { isAllow, pattern } of rules) {
        const signs = octetsOf(pattern, true);
        if (!naiveMatch(signs, octetsOf(path, false))) continue;
        const octets = signs.join("").length;
        if (octets > decided.octets) decided = { octets, isAllow };
        else if (octets === decided.octets && isAllow) decided = { octets, isAllow };
      }
      expect(parseRobots(body, "onpoint").allows(path)).toBe(decided.isAllow);
    }),
    { numRuns: 2_000 },
  );
});

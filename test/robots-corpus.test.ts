// The public test suites of robots.txt, as tables of facts (test/corpus/robots; each file says what it leaves out, and why).
import { describe, expect, test } from "vitest";
import { parseRobots } from "../internal/robots/robots.ts";
import { readRobotsFacts } from "./support/robots-facts.ts";

const askedAt = "https://site.example/robots.txt";

describe.each([
  ["google.txt", 52, 130],
  ["google-mixed.txt", 25, 250],
  ["crawler-commons.txt", 70, 300],
])("%s", (name, leastCases, leastVerdicts) => {
  const facts = readRobotsFacts(name);

  test.each(facts.map((fact) => [fact.title, fact] as const))("%s", (_title, fact) => {
    const { body, verdicts, delaysMs, sitemaps } = fact;
    for (const [token, expected] of verdicts) {
      const robots = parseRobots(body, token, askedAt);
      const found = expected.map((verdict) => {
        const path = verdict.slice(1);
        return (robots.allows(path) ? "+" : "-") + path;
      });
      expect({ token, found }).toEqual({ token, found: expected });
    }
    for (const [token, delayMs] of delaysMs)
      expect([token, parseRobots(body, token).crawlDelayMs]).toEqual([token, delayMs]);
    if (sitemaps !== null) expect(parseRobots(body, "any", askedAt).sitemaps).toEqual(sitemaps);
  });

  test("the whole table is read", () => {
    expect(facts.length).toBeGreaterThanOrEqual(leastCases);
    const count = facts.reduce(
      (sum, { verdicts }) => sum + [...verdicts.values()].flat().length,
      0,
    );
    expect(count).toBeGreaterThanOrEqual(leastVerdicts);
  });
});

import { expect, test } from "vitest";
import { SentLinks } from "./sent-links.ts";

test("the last so many links are remembered, and not more than twice as many", () => {
  const sent = new SentLinks(100);
  for (let n = 1; n <= 1_000; n += 1) {
    sent.add(n, n);
    for (const recent of [n, n - 50, n - 99]) expect(sent.has(recent, recent)).toBe(recent > 0);
    expect(sent.has(n - 200, n - 200)).toBe(false);
  }
});

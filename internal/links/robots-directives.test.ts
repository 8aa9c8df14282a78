import { expect, test } from "vitest";
import { robotsDirectives } from "./robots-directives.ts";

const both = "noindex nofollow";

test.each([
  [[["robots", "noindex"]], [], "noindex"],
  [[["robots", "NoIndex,NOFOLLOW"]], [], both],
  [[["robots", "none"]], [], both],
  [[["robots", "index follow noodp"]], [], ""],
  [
    [
      ["robots", "all"],
      ["robots", "nofollow"],
    ],
    [],
    "nofollow",
  ],
  [[["otherbot", "noindex"]], [], ""],
  [[["onpoint", "noindex"]], [], "noindex"],
  [
    [
      ["robots", "nofollow"],
      ["onpoint", "noindex"],
    ],
    [],
    both,
  ],
  [[["description", "none of it"]], [], ""],
  [[], ["noindex"], "noindex"],
  [[], [" NOINDEX , nofollow "], both],
  [[], ["otherbot: noindex, nofollow"], ""],
  [[], ["OnPoint: noindex, nofollow"], both],
  [[], ["otherbot: noindex, onpoint: nofollow"], "nofollow"],
  [[], ["otherbot: noindex", "nofollow"], "nofollow"],
  [[], ["*: none"], both],
  [[], ["unavailable_after: 25 Jun 2010 15:00:00 PST, noindex"], "noindex"],
  [[], ["max-snippet: 20, max-image-preview:large, nofollow"], "nofollow"],
  [[["robots", "nofollow"]], ["noindex"], both],
  [[], ["", ",,:", "noindexed"], ""],
] as [string[][], string[], string][])("%j %j asks for %j", (metas, headers, expected) => {
  const found = robotsDirectives(
    metas.map(([name = "", content = ""]) => ({ name, content })),
    headers,
    "Onpoint",
  );
  const words = [found.noindex ? "noindex" : "", found.nofollow ? "nofollow" : ""];
  expect(words.filter(Boolean).join(" ")).toBe(expected);
});

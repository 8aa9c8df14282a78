import fc from "fast-check";
import { expect, test } from "vitest";
import { LooseAmpersands } from "./loose-ampersands.ts";

const escaped = (...pieces: string[]) => {
  const ampersands = new LooseAmpersands();
  return pieces.map((piece) => ampersands.escape(piece)).join("") + ampersands.rest();
};

test.each([
  ["a=1&b=2", "a=1&amp;b=2"],
  ["a&amp;b&lt;&#38;&#x26;&quot;", "a&amp;b&lt;&#38;&#x26;&quot;"],
  ["&eacute;&", "&amp;eacute;&amp;"],
  ["<![CDATA[a&b]]>&c<![CDATA[&", "<![CDATA[a&b]]>&amp;c<![CDATA[&"],
  ["&&amp;&amp", "&amp;&amp;&amp;amp"],
  ["]]>&", "]]>&amp;"],
])("%s becomes %s", (text, expected) => {
  expect(escaped(text)).toBe(expected);
});

test("it does not matter where the pieces are cut", () => {
  const unit = fc.constantFrom(
    "&",
    "amp;",
    "#38;",
    "a",
    ";",
    "<![CDATA[",
    "]]>",
    "<",
    "]",
    "!",
    "[CDATA[",
  );
  fc.assert(
    fc.property(fc.array(unit), fc.array(fc.nat(80)), (units, cuts) => {
      const text = units.join("");
      const at = [0, ...cuts.sort((a, b) => a - b), text.length];
      const pieces = at.map((from, index) => text.slice(from, at[index + 1] ?? text.length));
      expect(escaped(...pieces)).toBe(escaped(text));
    }),
    { numRuns: 1_000 },
  );
});

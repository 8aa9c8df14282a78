import { expect, test } from "vitest";
import { interpolate, retype } from "./interpolate.ts";

const set: Record<string, string> = { A: "1", EMPTY: "", NEST: `\${A}` };
const fill = (text: string) => interpolate(text, (name) => set[name]);

test.each([
  [`\${A}`, "1", `\${A}`],
  [`x\${A}y\${A}`, "x1y1", `x\${A}y\${A}`],
  [`\${NO:-d}`, "d", "d"],
  [`\${EMPTY:-d}`, "d", "d"],
  [`\${EMPTY}`, "", `\${EMPTY}`],
  [`\${A:-d}`, "1", `\${A}`],
  [`\${NO:-file:./x y}`, "file:./x y", "file:./x y"],
  [`$\${A}`, `\${A}`, `\${A}`],
  [`\${NEST}`, `\${A}`, `\${NEST}`],
  ["$A $1 }{", "$A $1 }{", "$A $1 }{"],
])("%s becomes %s and is shown as %s", (text, value, shown) => {
  expect(fill(text)).toMatchObject({ value, shown, unset: [], malformed: [] });
});

test("only what came from a variable is a secret, and only a lone variable may be retyped", () => {
  expect(fill(`\${A}`)).toMatchObject({ isSecret: true, isVariable: true });
  expect(fill(`\${NO:-5}`)).toMatchObject({ isSecret: false, isVariable: true });
  expect(fill(`\${A}0`)).toMatchObject({ isSecret: true, isVariable: false });
  expect(fill(`$\${A}`)).toMatchObject({ isSecret: false, isVariable: false });
});

test("what cannot be filled in is named", () => {
  expect(fill(`\${NO}\${A}\${NO2}`)).toMatchObject({ unset: ["NO", "NO2"], malformed: [] });
  expect(fill(`\${1X} \${A B} \${A`).malformed).toEqual([`\${1X}`, `\${A B}`, `\${A`]);
});

test.each([
  ["5", 5],
  ["-0.5", -0.5],
  ["1e3", 1000],
  ["0x1F", 31],
  ["0o17", 15],
  ["true", true],
  ["FALSE", false],
  ["", null],
  ["~", null],
  ["yes", "yes"],
  ["5s", "5s"],
  ["1_000", "1_000"],
])("%j is %j by the core schema", (text, value) => {
  expect(retype(text)).toBe(value);
});

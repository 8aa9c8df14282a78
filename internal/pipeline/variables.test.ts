import { expect, test } from "vitest";
import { UsageError } from "../std/errors.ts";
import { variablesFrom } from "./variables.ts";

test("the environment wins over the file, also with an empty value", () => {
  const json = { A: "file", B: 5, C: true, D: null, E: "file" };
  const lookUp = variablesFrom({ A: "env", E: "" }, { path: "c.json", json });
  expect(["A", "B", "C", "D", "E", "toString", "__proto__"].map(lookUp)).toEqual([
    "env",
    "5",
    "true",
    undefined,
    "",
    undefined,
    undefined,
  ]);
});

test.each([[[]], ["text"], [null], [{ A: { B: 1 } }]])("%j is no configuration", (json) => {
  const read = () => variablesFrom({}, { path: "/c.json", json });
  expect(read).toThrow(UsageError);
  expect(read).toThrow(/^\/c\.json: .*\n {2}Write \{ "NAME": "value", \.\.\. \}$/);
});

// The public compliance suite of JSONPath, as a table of facts (test/corpus/json-path; the file says what its lines mean).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseJsonExact } from "../internal/extract/json-exact.ts";
import { compilePath } from "../internal/extract/json-records.ts";
import { checkout } from "./support/source-tree.ts";

/** `allowed`: the selections the RFC allows, as JSON; none for a text that is no query. */
type PathFact = { path: string; document: string; allowed: string[] };

function readFacts(): PathFact[] {
  const facts: PathFact[] = [];
  let document = "";
  const file = join(checkout, "test/corpus/json-path/rfc9535.txt");
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (line === "" || line.startsWith(";")) continue;
    const fact = /^("(?:[^"\\]|\\.)*") gives (.*)$/.exec(line);
    if (fact !== null) {
      const [, path = "", values = ""] = fact;
      facts.push({ path: JSON.parse(path), document, allowed: values.split(/(?<=\]) or (?=\[)/) });
    } else if (line.startsWith("document ")) document = line.slice("document ".length);
    else if (line.startsWith("refused "))
      facts.push({ path: JSON.parse(line.slice("refused ".length)), document: "", allowed: [] });
    else throw new Error(`corpus line "${line}" is not understood`);
  }
  return facts;
}

const facts = readFacts();
const queries = facts.filter(({ allowed }) => allowed.length > 0);
const refused = facts.filter(({ allowed }) => allowed.length === 0);

test.each(queries)("$path selects from $document", ({ path, document, allowed }) => {
  const selected = compilePath(path)
    .query(parseJsonExact(document) as never)
    .values();
  expect(allowed.map((values) => JSON.stringify(JSON.parse(values)))).toContain(
    JSON.stringify(selected),
  );
});

test.each(refused)("$path is refused", ({ path }) => {
  expect(() => compilePath(path)).toThrow("JSONPath");
});

test("the whole table is read", () => {
  expect([queries.length, refused.length]).toEqual([453, 247]);
});

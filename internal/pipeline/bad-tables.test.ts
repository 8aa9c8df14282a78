// Settings of tables that are wrong, and exactly what is said of them.
import { expect, test } from "vitest";
import { checkPipeline } from "./parse-pipeline.ts";
import { problemText } from "./problems.ts";

const source =
  'pipeline: p\nsources:\n  - { name: a, kind: api, url: "https://a.example/", records: "$", table: t }\n';
const below = (text: string) => `${source}${text}\n`;

const files: [title: string, text: string, problems: string[]][] = [
  [
    "settings of tables",
    below(
      "tables:\n  tt: {}\n  t: { contract: freexe, partitionBy: [5, dt, dt, { a: b, c: d }], columns: { price: DECIMAL(12,2), q: INTEGR } }",
    ),
    [
      "p:5:3: tables.tt: no source writes this table | Did you mean t?",
      'p:6:18: tables.t.contract: expected evolve, freeze, discard_row, quarantine, is "freexe" | Did you mean freeze?',
      'p:6:40: tables.t.partitionBy[0]: expected a column name or { name: "SQL expression" }, is 5 | For example partitionBy: [dt, { day: "cast(ts as date)" }]',
      'p:6:47: tables.t.partitionBy[2]: "dt" is there twice | Remove one',
      'p:6:51: tables.t.partitionBy[3]: expected one partition column, has 2 | For example partitionBy: [dt, { day: "cast(ts as date)" }]',
      'p:6:86: tables.t.columns.price: "DECIMAL(12" is cut at a comma | Quote it, since a comma ends a value inside { }: "DECIMAL(12,2)"',
      'p:6:104: tables.t.columns.q: "INTEGR" is not a DuckDB type | Did you mean INTEGER?',
    ],
  ],
  [
    "declared columns and their old names",
    below(
      "tables:\n  t: { compatibility: FULL, columns: { a: { type: BIGINT, aliases: [x, B] }, b: { type: DATE, aliases: [x] }, c: { typ: DATE }, d: 5 } }",
    ),
    [
      'p:5:23: tables.t.compatibility: expected none, backward, backward_transitive, forward, forward_transitive, full, full_transitive, is "FULL" | Did you mean full?',
      'p:5:72: tables.t.columns.a.aliases[1]: "B" is a column of its own | Remove it, or the column',
      'p:5:105: tables.t.columns.b.aliases[0]: "x" is an old name of a too | Remove one',
      'p:5:111: tables.t.columns.c has no key "type" | Add type: ...',
      'p:5:116: unknown key "typ" in tables.t.columns.c | Did you mean type?',
      "p:5:132: tables.t.columns.d: expected a DuckDB type or a mapping (key: value), is 5 | Write a type such as BIGINT, or { type: BIGINT, aliases: [OLD_NAME] }",
    ],
  ],
  [
    "checks that could never fail, or never pass",
    below(
      "tables:\n  t: { checks: [{ kind: rows }, { kind: range, column: a }, { kind: rows, min: 2, max: 1 }, { kind: range, column: a, min: b }] }",
    ),
    [
      "p:5:17: tables.t.checks[0]: rows has no bound | Give min, max or both",
      "p:5:33: tables.t.checks[1]: range has no bound | Give min, max or both",
      "p:5:61: tables.t.checks[2]: min 2 is greater than max 1 | Swap or correct them",
    ],
  ],
];

test.each(files)("%s", (_, text, problems) => {
  const found = checkPipeline({ file: "/p/p.yaml", text, variables: () => undefined }).problems;
  expect(found.map((problem) => problemText("p", problem).replace("\n  ", " | "))).toEqual(
    problems,
  );
});

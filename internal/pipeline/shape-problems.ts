// What the schema says of a file, in the words of people: where, what was expected, what is there, what to do.
import type { z } from "zod";
import { nearestName } from "../std/nearest-name.ts";
import { pipelineSchema } from "./pipeline-schema.ts";
import type { Position, Problem } from "./problems.ts";
import { keysAt } from "./schema-keys.ts";
import { valueAt } from "./value-at.ts";
import type { Path, YamlDocument } from "./yaml-document.ts";

type Issue = z.core.$ZodIssue;

/** What the syntax of the pipeline file knows and this version does not do, by key. */
const later: Record<string, readonly string[]> = {
  kind: ["cdc"],
  render: ["browser", "auto"],
};

const typeNames: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping (key: value)",
  record: "a mapping (key: value)",
};
const durations = [
  "backoff",
  "maxBackoff",
  "busyBackoff",
  "maxBlock",
  "maxCrawlDelay",
  "timeout",
  "raw",
  "parts",
  "glacierAfter",
];
/** What a text under a key looks like. */
const texts: Record<string, string> = {
  pipeline: "NAME",
  name: "NAME",
  table: "NAME",
  pages: "NAME",
  url: "https://HOST/PATH",
  records: "$.data[*]",
  next: "$.meta.next",
  css: "SELECTOR",
  models: "./models",
  to: "s3://BUCKET/PREFIX",
};
const examples: Record<string, string> = {
  number: "5",
  int: "5",
  boolean: "true",
  array: "[...]",
  object: "{ ... }",
  record: "{ ... }",
};

/** Problems of the document's shape. Values with a variable that could not be filled in are skipped. */
export function shapeProblems(document: YamlDocument, issues: readonly Issue[]): Problem[] {
  return issues.flatMap((issue) => {
    const path = issue.path as Path;
    if (document.place(path)?.isBroken) return [];
    return problemsOf(document, issue, path);
  });
}

function problemsOf(document: YamlDocument, issue: Issue, path: Path): Problem[] {
  const place = document.place(path);
  const at: Position = place?.at ?? placeOfParent(document, path);
  const value = valueAt(document.value, path);
  const name = describePath(path);
  const is = describeValue(document, path, value);
  const filled =
    place?.isSecret && place.shown !== null ? `; check the variables in ${place.shown}` : "";
  const one = (what: string, fix: string): Problem[] => [{ ...at, what, fix: fix + filled }];
  const isMissing = value === undefined && place === undefined;

  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey(document, [...path, key]));
  }
  if (isMissing) return one(...missing(path, issue));
  // The value before it says already that it was cut.
  if (value === null && isRestOfValue(path)) return [];
  switch (issue.code) {
    case "invalid_type":
      return one(...wrongType(path, name, is, issue.expected, value, place?.shown ?? null));
    case "invalid_value":
      return one(...choice(path, name, is, value, issue.values.map(String)));
    case "too_small":
      if (issue.origin === "array")
        return one(`${name} is an empty list`, "Put at least one item into it");
      return one(
        `${name}: expected ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}, is ${is}`,
        `Write a ${issue.inclusive ? "number from" : "number above"} ${issue.minimum}`,
      );
    case "too_big":
      return one(
        `${name}: expected at most ${issue.maximum}, is ${is}`,
        `Write a number up to ${issue.maximum}`,
      );
    case "invalid_key": {
      const [inner] = issue.issues;
      const where = document.place(path)?.keyAt ?? at;
      const what = `key "${String(path.at(-1))}" ${inner?.message ?? "cannot be used"}`;
      return [{ ...where, what, fix: fixOf(inner) }];
    }
    case "invalid_union": {
      const inner = branchOf(issue, value);
      if (inner === null) return one(...noBranch(path, name, is, value, issue));
      return inner.flatMap((each) => problemsOf(document, each, [...path, ...(each.path as Path)]));
    }
    case "custom":
      return one(`${name}: ${is} ${issue.message}`, fixOf(issue));
    case "invalid_element":
    case "invalid_format":
    case "not_multiple_of":
      return one(`${name}: ${issue.message}`, "Compare with `onpoint schema`");
  }
}

function fixOf(issue: Issue | undefined): string {
  const fix: unknown = issue?.code === "custom" ? issue.params?.fix : undefined;
  return typeof fix === "string" ? fix : "Compare with `onpoint schema`";
}

function unknownKey(document: YamlDocument, path: Path): Problem {
  const key = String(path.at(-1));
  const at = document.place(path)?.keyAt ?? { line: 1, column: 1 };
  const known = keysAt(pipelineSchema, path.slice(0, -1), document.value);
  const where = path.length > 1 ? ` in ${describePath(path.slice(0, -1))}` : "";
  const nearest = nearestName(key, known);
  const fix = nearest ? `Did you mean ${nearest}?` : `Keys here: ${known.join(", ")}`;
  return { ...at, what: `unknown key "${key}"${where}`, fix };
}

function missing(path: Path, issue: Issue): [string, string] {
  const key = String(path.at(-1));
  const parent =
    path.length > 1 ? `${describePath(path.slice(0, -1))} has no key` : "there is no key";
  const kinds = optionsOf(issue);
  const expected = issue.code === "invalid_type" ? issue.expected : "";
  const example = examples[expected] ?? texts[key] ?? "...";
  return [`${parent} "${key}"`, `Add ${key}: ${kinds.join(" | ") || example}`];
}

function choice(
  path: Path,
  name: string,
  is: string,
  value: unknown,
  values: readonly string[],
): [string, string] {
  const text = String(value);
  if (later[String(path.at(-1))]?.includes(text)) {
    const { what, fix } = notYet(`${name}: ${text}`, values);
    return [what, fix];
  }
  const nearest = typeof value === "string" ? nearestName(text, values) : null;
  const fix = nearest ? `Did you mean ${nearest}?` : `Write one of ${values.join(", ")}`;
  return [`${name}: expected ${values.join(", ")}, is ${is}`, fix];
}

function notYet(what: string, instead: readonly string[]): { what: string; fix: string } {
  return { what: `${what} is not available in this version`, fix: `Use ${instead.join(" or ")}` };
}

/** What is wrong in the only shape of a union that takes such a value at all: a text, a list or a mapping. */
function branchOf(issue: z.core.$ZodIssueInvalidUnion, value: unknown): Issue[] | null {
  if (typeof value !== "object" || value === null) return null;
  const isOther = (each: Issue) =>
    each.path.length === 0 && (each.code === "invalid_type" || each.code === "invalid_value");
  return issue.errors.find((errors) => errors.length > 0 && !errors.some(isOther)) ?? null;
}

/** Words that may stand in the place of a mapping. */
function wordsOf(issue: Issue): string[] {
  const errors = issue.code === "invalid_union" ? issue.errors.flat() : [];
  return errors.flatMap((each) => (each.code === "invalid_value" ? each.values.map(String) : []));
}

/** No shape of a union fits: the kind of a source or pagination, a word or a mapping, or a partition column. */
function noBranch(
  path: Path,
  name: string,
  is: string,
  value: unknown,
  issue: Issue,
): [string, string] {
  const kinds = optionsOf(issue);
  if (kinds.length > 0) return choice(path, name, is, value, kinds);
  const words = wordsOf(issue);
  if (words.length > 0) {
    const what = `${name}: expected ${words.join(", ")} or a mapping (key: value), is ${is}`;
    return [what, `Write ${path.at(-1)}: ${words.join(" or ")}, or its keys`];
  }
  if (path.at(-2) === "columns") {
    const fix = "Write a type such as BIGINT, or { type: BIGINT, aliases: [OLD_NAME] }";
    return [`${name}: expected a DuckDB type or a mapping (key: value), is ${is}`, fix];
  }
  return [
    `${name}: expected a column name or { name: "SQL expression" }, is ${is}`,
    'For example partitionBy: [dt, { day: "cast(ts as date)" }]',
  ];
}

/** The values that tell the shapes of a union apart. */
function optionsOf(issue: Issue): string[] {
  const options: unknown = "options" in issue ? issue.options : null;
  return Array.isArray(options) ? options.map(String) : [];
}

function wrongType(
  path: Path,
  name: string,
  is: string,
  expected: string,
  value: unknown,
  shown: string | null,
): [string, string] {
  const key = String(path.at(-1) ?? "");
  const prefix = typeof path.at(-1) === "string" ? `${key}: ` : "";
  const example = expected === "string" ? (texts[key] ?? "text") : (examples[expected] ?? "...");
  if (path.length === 0) {
    const fix = "Start with `pipeline: NAME`, then `sources:`";
    return [`the file is ${is}, expected ${typeNames[expected]}`, fix];
  }
  if (durations.includes(key) && typeof value === "number") {
    return [`${name}: expected a duration, is ${is}`, `Add a unit: ${prefix}${shown}s`];
  }
  const what = `${name}: expected ${typeNames[expected] ?? expected}, is ${is}`;
  if (value === null) return [what, `Give it a value (${prefix}${example}) or remove the key`];
  if (expected === "array" && shown) return [what, `Write ${prefix}[${shown}]`];
  if (expected === "string" && typeof value === "number") {
    return [what, `Quote it: ${prefix}"${shown}"`];
  }
  return [what, `Write ${prefix}${example}`];
}

/** What a comma inside { } leaves of `DECIMAL(12,2)`: the key `2)`. */
function isRestOfValue(path: Path): boolean {
  return path.at(-2) === "columns" && /\)(\[\])*$/.test(String(path.at(-1)));
}

/** A path as people read it: `sources[0].rate.perSecond`. */
export function describePath(path: Path): string {
  const text = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("");
  return text.replace(/^\./, "");
}

function describeValue(document: YamlDocument, path: Path, value: unknown): string {
  if (value === null || value === undefined) return "empty";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a mapping";
  const shown = document.place(path)?.shown ?? "";
  return typeof value === "string" ? quoted(shown, path) : shown;
}

/** At most 80 characters, on one line; nothing of a credential that stands in the file. */
function quoted(shown: string, path: Path): string {
  if (path.includes("auth")) return '"***"';
  return JSON.stringify(shown.length > 80 ? `${shown.slice(0, 77)}...` : shown);
}

/** The key of the closest mapping above that is in the file. */
function placeOfParent(document: YamlDocument, path: Path): Position {
  for (let length = path.length - 1; length >= 0; length -= 1) {
    const place = document.place(path.slice(0, length));
    if (place) return place.keyAt;
  }
  return { line: 1, column: 1 };
}

// Holds README.md and docs/ to the code: examples parse, commands, make targets, keys and settings are those there are.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { pipelineJsonSchema } from "../internal/pipeline/json-schema.ts";
import { checkPipeline } from "../internal/pipeline/parse-pipeline.ts";
import { settingsHelp } from "../internal/pod/settings.ts";
import { checkout } from "./support/source-tree.ts";

const read = (path: string) => readFileSync(join(checkout, path), "utf8");
const docs = globSync(["README.md", "docs/*.md"], { cwd: checkout })
  .sort()
  .map((path) => ({ path, text: read(path) }));

/** Contents of the fenced blocks in a language. */
function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? "");
}

/** What is meant for a computer: fenced blocks and `inline code`. */
function codeOf(text: string): string[] {
  const fenced = [...text.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? "");
  const prose = text.replace(/^```[\s\S]*?^```$/gm, "");
  return [...fenced, ...[...prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? "")];
}

/** Commands as cmd/onpoint.ts declares them: `run`, `dead`, `dead ls`, ... */
function commands(): Set<string> {
  const source = read("cmd/onpoint.ts");
  const declared = [
    ...source.matchAll(/\b(program|catalog|dead|quarantine|schemas)\s*\.command\(\s*"([a-z]+)/g),
  ];
  const roles = /for \(const name of \[([^\]]+)\] as const\)/.exec(source)?.[1] ?? "";
  return new Set([
    ...declared.map(([, parent, name]) => (parent === "program" ? `${name}` : `${parent} ${name}`)),
    ...[...roles.matchAll(/"([a-z]+)"/g)].map((match) => `${match[1]}`),
  ]);
}

function keysIn(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([name, value]) =>
    name === "properties" && typeof value === "object" && value !== null
      ? [...Object.keys(value), ...Object.values(value).flatMap(keysIn)]
      : keysIn(value),
  );
}

test("every pipeline in the docs is one", () => {
  const found = docs.flatMap(({ path, text }) =>
    blocks(text, "yaml")
      .filter((block) => block.startsWith("pipeline:"))
      .map((block) => ({ path, block })),
  );
  expect(found.map(({ path }) => path)).toEqual(
    expect.arrayContaining(["README.md", "docs/pipeline.md"]),
  );
  for (const { path, block } of found) {
    const file = join(checkout, path);
    const variables = () => "https://dummy.example.com/";
    const { problems } = checkPipeline({ file, text: block, variables, checkFiles: false });
    expect(problems, path).toEqual([]);
  }
});

test("every command in the docs exists", () => {
  const known = commands();
  expect([...known]).toEqual(expect.arrayContaining(["run", "sql", "dead ls", "crawl", "upload"]));
  const wrong = docs.flatMap(({ path, text }) =>
    codeOf(text)
      .flatMap((code) => [...code.matchAll(/(?:^|\s)onpoint ([a-z]+)(?: ([a-z]+)\b)?/gm)])
      .map(([, first = "", second = ""]) =>
        ["catalog", "dead", "quarantine", "schemas"].includes(first) && second !== ""
          ? `${first} ${second}`
          : first,
      )
      .filter((command) => !known.has(command))
      .map((command) => `${path}: onpoint ${command}`),
  );
  expect(wrong).toEqual([]);
});

test("every option of a command in the docs exists", () => {
  const known = new Set(
    [...read("cmd/onpoint.ts").matchAll(/(--[a-z-]+)/g)].map((match) => match[1]),
  );
  const wrong = docs.flatMap(({ path, text }) =>
    codeOf(text)
      .filter((code) => /^--|\bonpoint /.test(code))
      .flatMap((code) => [...code.matchAll(/(?:^|\s)(--[a-z][a-z-]*)/g)])
      .filter((match) => !known.has(match[1]))
      .map((match) => `${path}: ${match[1]}`),
  );
  expect(wrong).toEqual([]);
});

test("every key of the pipeline file is in docs/pipeline.md", () => {
  const keys = [...new Set(keysIn(pipelineJsonSchema()))];
  expect(keys.length).toBeGreaterThan(60);
  const words = new Set(codeOf(read("docs/pipeline.md")).flatMap((code) => code.split(/[^\w]+/)));
  expect(keys.filter((key) => !words.has(key))).toEqual([]);
});

test("the settings in docs/operations.md are those of the code", () => {
  const told = [
    ...read("docs/operations.md").matchAll(
      /^\| `((?:ONPOINT|AWS)_\w+)` \| (?:`([^`]+)`|-) \| (.+) \|$/gm,
    ),
  ].map(([, name, standard = "-", meaning]) => [name, standard, meaning]);
  const rows = settingsHelp()
    .split("\n")
    .map((line) => (/^(\S+) +(\S+) +(.+)$/.exec(line) ?? []).slice(1, 4));
  expect(told).toEqual(rows);
});

test("every make target in the docs exists", () => {
  const targets = new Set(
    [...read("Makefile").matchAll(/^([a-z][\w-]*):/gm)].map((match) => match[1]),
  );
  const wrong = docs.flatMap(({ path, text }) =>
    codeOf(text)
      .flatMap((code) => [...code.matchAll(/^make ((?:[a-z][\w-]*(?: |$))+)/gm)])
      .flatMap((match) => (match[1] ?? "").trim().split(" "))
      .filter((target) => !targets.has(target))
      .map((target) => `${path}: make ${target}`),
  );
  expect(wrong).toEqual([]);
});

test("README.md stays short", () => {
  expect(read("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(150);
});

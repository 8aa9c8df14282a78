// The command line as a process: wiring, exit codes, and what goes where.
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("./onpoint.ts", import.meta.url));

function onpoint(...args: string[]) {
  const env = { PATH: process.env.PATH, ONPOINT_STATE: `${tmpdir()}/no-such-state` };
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    env,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

test("without arguments it prints help", () => {
  const { status, stdout, stderr } = onpoint();
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  for (const name of [
    "run",
    "validate",
    "plan",
    "schema",
    "runs",
    "status",
    "report",
    "sql",
    "catalog",
    "dead",
    "schemas",
  ]) {
    expect(stdout).toMatch(new RegExp(`^  ${name} `, "m"));
  }
  expect(stdout).not.toMatch(/^ {2}coordinator/m);
});

test("help of a command", () => {
  expect(onpoint("help", "run")).toMatchObject({ status: 0, stderr: "" });
});

test.each([
  ["an unknown command", ["rnus"], "Did you mean runs?"],
  ["an unknown option", ["runs", "--lak", "x"], "Did you mean --lake?"],
  ["a missing argument", ["sql"], "missing required argument 'select'"],
  ["a group alone", ["dead"], "Usage: onpoint dead"],
])("%s ends with 2 and a hint", (_, args, hint) => {
  const { status, stdout, stderr } = onpoint(...args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain(hint);
});

test("an error is one sentence on stderr, and JSON on stdout if JSON was asked for", () => {
  const { status, stdout, stderr } = onpoint("sql", "SELECT 1", "--json");
  expect(status).toBe(2);
  expect(stderr).toContain("no lake is named");
  expect(JSON.parse(stdout)).toMatchObject({ exitCode: 2 });
});

test("--version is onpoint's own before a command, the command's behind it", () => {
  expect(onpoint("--version").stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  const { status, stderr } = onpoint("schemas", "show", "t", "--version", "2");
  expect(status).toBe(2);
  expect(stderr).toContain("no lake is named");
});

test("an answer is alone on stdout", () => {
  const { status, stdout, stderr } = onpoint(
    "sql",
    "SELECT 42",
    "--lake",
    `file:${tmpdir()}/no-such-lake`,
  );
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "42\n", stderr: "" });
});

// Reading, validating and planning a pipeline file from the disk.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { planCommand } from "./plan.ts";
import { readConfigFile, readPipeline } from "./read-pipeline.ts";
import { schemaCommand } from "./schema.ts";
import { validateCommand } from "./validate.ts";

let cwd = "";
const write = (path: string, text: string | Uint8Array) => {
  mkdirSync(join(cwd, path, ".."), { recursive: true });
  writeFileSync(join(cwd, path), text);
};
const checkModels = async () => undefined;
const options = (env: NodeJS.ProcessEnv = {}, configFile: string | null = null) => ({
  configFile,
  env,
  cwd,
});

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "onpoint-read-"));
  write("p/config/config.json", '{ "NAME": "beside", "TOKEN": "hidden-token" }');
  write("other.json", '\uFEFF{ "NAME": "other", "TOKEN": "hidden-token" }');
  write("bad.json", "{");
  write("latin.yaml", Uint8Array.of(0x61, 0x3a, 0x20, 0xe4));
  write("bad.yaml", "pipeline: b\nsources: []\nfoo: 1\n");
  write("p/in/a.csv", "x\n1\n");
  write("p/in/b.csv", "x\n1\n2\n");
  write("p/models/by_day.sql", "select 1");
  write(
    "p/p.yaml",
    `pipeline: \${NAME}
sources:
  - { name: a, kind: api, url: "https://a.example/v1", records: "$", table: t, params: { limit: 5 }, auth: { query: { name: k, value: "\${TOKEN}" } }, pagination: { kind: page } }
  - { name: w, kind: web, seeds: ["https://w.example/"], pages: pages }
  - { name: f, kind: files, urls: ["file:in/*.csv", "s3://bucket/*.csv"], table: t }
etl: { models: models }
upload: { to: s3://bucket/x, simulate: true }
retention: { raw: 30d }
`,
  );
  write(
    "gone.yaml",
    "pipeline: g\nsources: [{ name: f, kind: files, urls: [file:no.csv], table: t }]\n",
  );
});
afterAll(() => rmSync(cwd, { recursive: true }));

test("variables come from the environment, then --config, then config/config.json beside the pipeline", async () => {
  expect((await readPipeline("p/p.yaml", options())).name).toBe("beside");
  expect((await readPipeline("p/p.yaml", options({}, "other.json"))).name).toBe("other");
  expect((await readPipeline("p/p.yaml", options({ NAME: "env" }, "other.json"))).name).toBe("env");
  expect(await readConfigFile(null, cwd)).toBeNull();
});

test.each([
  ["no.yaml", null, "no.yaml: there is no such pipeline file\n  Name a YAML file that there is"],
  ["p", null, "p: the pipeline file is a folder\n  Name a YAML file that there is"],
  ["latin.yaml", null, "latin.yaml: the pipeline file is not UTF-8 text\n  Save it as UTF-8"],
  ["p/p.yaml", "no.json", "no.json: there is no such configuration file\n  Correct its path"],
  [
    "p/p.yaml",
    "bad.json",
    'bad.json: the configuration file is not JSON\n  Write { "NAME": "value", ... }',
  ],
])("%s with %s says what to do", async (path, config, message) => {
  await expect(readPipeline(path, options({}, config))).rejects.toMatchObject({
    name: "UsageError",
    message: join(cwd, message),
  });
});

test.skipIf(process.getuid?.() === 0)("a file that may not be read is named", async () => {
  write("secret.yaml", "pipeline: s");
  chmodSync(join(cwd, "secret.yaml"), 0);
  await expect(readPipeline("secret.yaml", options())).rejects.toThrow(
    /may not be read\n {2}chmod/,
  );
});

test("validate tells all problems, exit 2, or that there is none, exit 0", async () => {
  const bad = await validateCommand("bad.yaml", { ...options(), checkModels });
  expect(bad.exitCode).toBe(2);
  expect(bad.text.replaceAll(`${cwd}/`, "")).toBe(
    "bad.yaml:2:10: sources is an empty list\n  Put at least one item into it\n" +
      'bad.yaml:3:1: unknown key "foo"\n  Keys here: pipeline, schedule, lake, sources, tables, etl, waitFor, upload, retries, retention, notify\n' +
      "bad.yaml: 2 problems",
  );
  expect(bad.json).toMatchObject({ ok: false, problems: [{ line: 2 }, { line: 3 }] });
  const good = await validateCommand("p/p.yaml", { ...options(), checkModels });
  expect(good).toMatchObject({ exitCode: 0, json: { ok: true, pipeline: "beside" } });
  expect(good.text).toContain("warning: ");
});

test("plan shows what a run would do, without secrets", async () => {
  const plan = await planCommand("p/p.yaml", {
    ...options(),
    date: "2026-01-02",
    runId: null,
    shards: 256,
    orderModels: () => Promise.resolve([{ name: "by_day", reads: ["t"] }]),
  });
  expect(plan.exitCode).toBe(0);
  expect(plan.text.replaceAll(cwd, "CWD").replace(/shard \d+/g, "shard N")).toBe(
    `warning: CWD/p/p.yaml:4:7: source "w" has no contact: people who run its sites cannot ask who crawls them; add contact: https://HOST/PATH
warning: CWD/p/p.yaml:8:1: retention is not acted on in this version: nothing is removed or moved
run       beside-2026-01-02
pipeline  \${NAME} (CWD/p/p.yaml)
schedule  manual
lake      file://CWD/p/lake
source    a (api) -> t, shard N
          https://a.example/v1?limit=5&page=1&k=\${TOKEN}
source    w (web) -> pages, shard N
          https://w.example/
source    f (files) -> t
          file://CWD/p/in/*.csv: 2 files, 10 bytes
          s3://bucket/*.csv: not listed
table     t, partitioned by dt
table     pages, partitioned by dt
model     by_day <- t
upload    s3://bucket/x (simulated)
notice    none`,
  );
  expect(JSON.stringify(plan.json)).not.toContain("hidden-token");
});

test("plan says that a file is not there, exit 2", async () => {
  const request = { ...options(), date: "2026-01-02", runId: null, shards: 8, orderModels: null };
  const plan = await planCommand("gone.yaml", request);
  expect(plan.exitCode).toBe(2);
  expect(plan.text).toContain("no.csv: there is no such file");
});

test("schema is the JSON Schema of the file", () => {
  const { text, json, exitCode } = schemaCommand();
  expect(exitCode).toBe(0);
  expect(JSON.parse(text)).toEqual(json);
});

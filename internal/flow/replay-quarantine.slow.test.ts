// Quarantined rows tried again: with another schema, twice, two at a time, and cut off after any write to the lake.
import { mkdir, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { filesSource } from "../../test/support/process-batch.ts";
import { queryTables } from "../catalog/query-tables.ts";
import { registerSchema } from "../catalog/schemas.ts";
import { readSnapshot } from "../catalog/snapshots.ts";
import type { ActiveRun } from "../model/active-run.ts";
import type { TableConfig, TableKey } from "../model/pipeline.ts";
import type { TaskReceipt } from "../model/task.ts";
import type { Objects } from "../objects/objects.ts";
import { openFileObjects } from "../objects/objects-file.ts";
import { diskEtag } from "../process/list-drops.ts";
import { tableSettings } from "../process/table-settings.ts";
import { batchesToParquet } from "./batches-to-parquet.ts";
import { replayQuarantine } from "./replay-quarantine.ts";
import { tableResults } from "./table-results.ts";
import { uploadsToCatalog } from "./uploads-to-catalog.ts";
import { emptyResult } from "./work.ts";

const files = {
  "a.csv": 'id,price,note\n1,1.50,"x, y"\n2,free,\n3,2.5x,"say ""no"""\n4,"",""\n',
  "b.ndjson":
    '{"id":5,"price":"3.25"}\n{"id":6,"price":"n/a","note":"z"}\nnot json\n{"id":7,"price":{"a":1}}\n',
  "c.json": '[\n {"id": 8,\n  "price": "none"}\n]',
};
const config = (type: string, key: TableKey | null = null): TableConfig => ({
  partitionBy: [{ name: "dt", expression: null }],
  sortBy: [],
  key,
  contract: "evolve",
  conflict: "quarantine",
  compatibility: "none",
  aliases: {},
  checks: [],
  columns: { price: type },
});

/** A lake with one run of three files, whose prices are declared as `type`. */
async function lakeWith(
  type: string,
  formatted = files as Record<string, string>,
  key: TableKey | null = null,
) {
  const root = await mkdtemp(join(tmpdir(), "onpoint-replay-"));
  const lake = await openFileObjects(pathToFileURL(join(root, "lake")).href);
  const source = filesSource;
  const pipeline = { sources: [source], tables: { t: config(type, key) } };
  const run = { token: "r-1", run: "r", date: "2026-03-04", generation: 1 } as ActiveRun;
  const inputs = [];
  await mkdir(join(root, "in"));
  for (const [name, content] of Object.entries(formatted)) {
    const path = join(root, "in", name);
    await writeFile(path, content);
    inputs.push({ path: pathToFileURL(path).href, sizeBytes: 1, etag: diskEtag(await stat(path)) });
  }
  const scratch = join(root, "scratch");
  const signal = new AbortController().signal;
  const never = () => Promise.reject(new Error("no bucket here"));
  const result = await batchesToParquet(
    { scratch, memoryLimitMb: 256, openBucket: never, registerSchema },
    { stage: "process", task: "drops-1", source: "drops", kind: "files", inputs, trace: {} },
    { pipeline: pipeline as never, run, lake, signal },
  );
  const receipt = {
    ...emptyResult,
    ...result,
    stage: "process",
    task: "drops-1",
    name: "drops",
    state: "done",
  };
  const scope = { run, sources: [source] };
  const all = { process: [receipt as unknown as TaskReceipt], etl: [], upload: [] };
  await uploadsToCatalog(
    [lake],
    run,
    tableResults(scope, all, new Map(), new Map()),
    "2026-03-04T00:00:00Z",
  );
  return {
    lake,
    replay: (as: string, on: Objects = lake, place = "replay") =>
      replayQuarantine(
        {
          lake: on,
          settingsOf: async () => tableSettings({ t: config(as, key) }, source, "t"),
          run: null,
          scratch: join(root, place),
          memoryLimitMb: 256,
          signal,
        },
        "t",
      ),
    rows: (select: string) =>
      queryTables(lake, select, { scratch: join(root, "query"), memoryLimitMb: 256 }).then(
        ({ rows }) => rows,
      ),
    async [Symbol.asyncDispose]() {
      await lake.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

const ids = (rows: Record<string, unknown>[]) => rows.map(({ id }) => Number(id));

test("a row that fits today's schema is in the table once, as it would have been read; the others stay as they were", async () => {
  await using at = await lakeWith("DECIMAL(9,2)");
  const placed = "SELECT file, line, byte_offset, raw FROM quarantine_t ORDER BY raw";
  const before = await at.rows(placed);
  expect(ids(await at.rows("SELECT id FROM t ORDER BY id"))).toEqual([1, 4, 5]);
  expect(before).toHaveLength(6);
  // Nothing passes under the schema of then.
  expect(await at.replay("DECIMAL(9,2)")).toMatchObject({ rows: 6, passed: 0, left: 6 });
  expect(await at.rows(placed)).toEqual(before);
  expect(await at.replay("VARCHAR")).toMatchObject({ rows: 6, passed: 5, left: 1 });
  expect(await at.rows("SELECT id, price, note FROM t ORDER BY id")).toEqual([
    { id: "1", price: "1.50", note: "x, y" },
    { id: "2", price: "free", note: null },
    { id: "3", price: "2.5x", note: 'say "no"' },
    { id: "4", price: null, note: "" },
    { id: "5", price: "3.25", note: null },
    { id: "6", price: "n/a", note: "z" },
    { id: "7", price: '{"a":1}', note: null },
    { id: "8", price: "none", note: null },
  ]);
  const left = await at.rows(
    "SELECT file, line, byte_offset, raw, reason, schema_version, task FROM quarantine_t",
  );
  expect(left).toMatchObject([
    {
      line: "3",
      byte_offset: "58",
      raw: "not json",
      reason: "MALFORMED_JSON",
      schema_version: 1,
      task: "drops-1",
    },
  ]);
  expect(await at.replay("VARCHAR")).toMatchObject({ rows: 1, passed: 0, left: 1 });
  expect(await at.rows("SELECT count(*) AS n FROM t")).toEqual([{ n: "8" }]);
});

const byId = { columns: ["id"], newest: "price" };

test("a table with a key has each key once after a replay, the newest row of it, and says so", async () => {
  const twice = { "a.csv": "id,price\n1,1\n2,2\n", "b.csv": "id,price\n2,x\n3,y\n1,0y\n" };
  await using at = await lakeWith("DECIMAL(9,2)", twice, byId);
  expect(await at.replay("VARCHAR")).toEqual({
    rows: 3,
    passed: 3,
    left: 0,
    replaced: 2,
    files: 1,
  });
  expect(await at.rows("SELECT id, price FROM t ORDER BY id")).toEqual([
    { id: "1", price: "1.00" },
    { id: "2", price: "x" },
    { id: "3", price: "y" },
  ]);
  expect((await readSnapshot(at.lake, "t"))?.key).toEqual(["id"]);
  expect(await at.replay("VARCHAR")).toMatchObject({ rows: 0, replaced: 0 });
});

test.each([
  { title: "each", key: null, more: "" },
  { title: "each key", key: byId, more: "1,0y\n" },
])(
  "cut off after any write, no row is lost, and the next replay leaves $title in one place",
  async ({ key, more }) => {
    for (let writes = 0; ; writes++) {
      const formatted = { "a.csv": `id,price\n1,1\n2,x\n${more}`, "b.ndjson": "oops\n" };
      await using at = await lakeWith("DECIMAL(9,2)", formatted, key);
      let done = 0;
      const failing = new Proxy(at.lake, {
        get(lake, name) {
          const member: unknown = Reflect.get(lake, name);
          if (typeof member !== "function") return member;
          return (...args: unknown[]) => {
            if ((name === "put" || name === "putFile") && done++ >= writes)
              throw new Error("killed");
            return member.apply(lake, args) as unknown;
          };
        },
      });
      const wasCut = await at.replay("VARCHAR", failing).then(
        () => false,
        (error: Error) => error.message.includes("killed") || Promise.reject(error),
      );
      const seen = new Set(
        ids(
          await at.rows(
            "SELECT id FROM t UNION ALL SELECT CAST(regexp_extract(raw, '^[0-9]+') AS BIGINT) FROM quarantine_t WHERE raw <> 'oops'",
          ),
        ),
      );
      expect([...seen].sort()).toEqual([1, 2]);
      await at.replay("VARCHAR");
      expect(await at.rows("SELECT id, price FROM t ORDER BY id")).toEqual([
        { id: "1", price: "1.00" },
        { id: "2", price: "x" },
      ]);
      expect(await at.rows("SELECT raw FROM quarantine_t")).toEqual([{ raw: "oops" }]);
      if (!wasCut) break;
    }
  },
  60_000,
);

test("two replays at once put a row into the table once", async () => {
  await using at = await lakeWith("DECIMAL(9,2)");
  await Promise.all([at.replay("VARCHAR", at.lake, "one"), at.replay("VARCHAR", at.lake, "two")]);
  expect(ids(await at.rows("SELECT id FROM t ORDER BY id"))).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(await at.rows("SELECT raw FROM quarantine_t")).toEqual([{ raw: "not json" }]);
});

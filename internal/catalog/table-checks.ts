// Checks over all that a run wrote of a table, beside what was there: keys, foreign keys, rows and freshness. Out of core: a
// key is looked for by grouping in DuckDB, which spills.
import { dirname } from "node:path";
import type { SnapshotFile } from "../model/snapshot.ts";
import {
  type CheckOutcome,
  checkName,
  type TableCheck,
  type TaskCheck,
} from "../model/table-check.ts";
import type { Objects } from "../objects/objects.ts";
import { keysOf } from "../process/row-checks.ts";
import { openDuckDb, type Sql } from "../sql/duckdb.ts";
import { sqlList, sqlName } from "../sql/quote.ts";

type Column = { name: string; type: string };
type Files = { files: readonly SnapshotFile[]; columns: readonly Column[] };

/**
 * A table as the run is about to publish it: `written` by the run, `kept` of before. `tasks`: what its tasks found, and how many
 * rows each check put aside.
 */
export type CheckedTable = {
  table: string;
  checks: readonly TableCheck[];
  partitionBy: readonly string[];
  written: Files;
  kept: readonly SnapshotFile[];
  tasks: readonly TaskCheck[];
};

/** `filesOf`: another table as it will be, for foreign keys. `scratch`: a folder for spilling and copies. */
export type CheckDeps = {
  lake: Objects;
  filesOf: (table: string) => Promise<Files>;
  scratch: string;
  memoryLimitMb: number;
  nowMs: number;
};

/** One outcome for each check, in their order. */
export async function checkTable(deps: CheckDeps, table: CheckedTable): Promise<CheckOutcome[]> {
  const outcomes: CheckOutcome[] = [];
  for (const check of table.checks) {
    const own = table.tasks.filter((task) => task.check === checkName(check));
    const counted = own.reduce((sum, { failures }) => sum + failures, 0);
    const aside = check.severity === "quarantine" ? counted : 0;
    const found = await outcomeOf(deps, table, check, own, counted - aside);
    const { failures = 0, detail = "", isPassed = failures === 0 && aside === 0 } = found;
    const about = { table: table.table, check: checkName(check), severity: check.severity };
    outcomes.push({ ...about, isPassed, aside, failures, detail });
  }
  return outcomes;
}

type Found = Partial<Pick<CheckOutcome, "isPassed" | "failures" | "detail">>;

async function outcomeOf(
  deps: CheckDeps,
  table: CheckedTable,
  check: TableCheck,
  own: readonly TaskCheck[],
  counted: number,
): Promise<Found> {
  switch (check.kind) {
    case "rows": {
      const rows = table.written.files.reduce((sum, file) => sum + file.rows, 0);
      const isPassed = rows >= (check.min ?? 0) && rows <= (check.max ?? Number.POSITIVE_INFINITY);
      const wanted = `${check.min ?? 0} to ${check.max ?? "any number"}`;
      return { isPassed, detail: `${rows} rows, wanted ${wanted}` };
    }
    case "freshness":
      return freshness(check.withinMs, own, deps.nowMs);
    case "unique":
      return { failures: await repeatedKeys(deps, table, check) };
    case "foreign_key":
      return { failures: await orphans(deps, table, check) };
    case "not_null":
    case "accepted":
    case "range":
    case "regex":
      return { failures: counted };
  }
}

function freshness(withinMs: number, own: readonly TaskCheck[], nowMs: number): Found {
  const newest = own
    .flatMap((task) => task.newest ?? [])
    .sort()
    .at(-1);
  if (newest === undefined) return { isPassed: false, detail: "no value at all" };
  const ageMs = nowMs - Date.parse(newest);
  return { isPassed: ageMs <= withinMs, detail: `newest is ${newest}` };
}

/** Rows of the run beyond the first of their key, or with a key that was there before. */
async function repeatedKeys(
  deps: CheckDeps,
  { written, kept, partitionBy }: CheckedTable,
  check: Extract<TableCheck, { kind: "unique" }>,
): Promise<number> {
  const partitions = check.per === "partition" ? partitionBy : [];
  const all = keysOf(check.columns, written.columns);
  if (all === null || written.files.length === 0) return 0;
  const within = keysOf(partitions, written.columns) ?? [];
  const touched = new Set(written.files.map(({ partition }) => JSON.stringify(partition)));
  const before = kept.filter(
    ({ partition }) => check.per === "table" || touched.has(JSON.stringify(partition)),
  );
  return withFiles(deps, [written.files, before], async (sql, [own = [], old = []]) => {
    const group = [...all, ...within].join(", ");
    const filled = all.map((key) => `${key} IS NOT NULL`).join(" AND ");
    const select = (files: string[], isNew: boolean) =>
      `SELECT ${group}, ${isNew} AS __onpoint_new FROM ${parquet(files)} WHERE ${filled}`;
    const rows = [select(own, true), ...(old.length > 0 ? [select(old, false)] : [])];
    const [found] = await sql.rows(
      `SELECT sum(n) AS n FROM (SELECT count(*) FILTER (WHERE __onpoint_new) - CASE WHEN bool_and(__onpoint_new) THEN 1 ELSE 0 END AS n
       FROM (${rows.join(" UNION ALL BY NAME ")}) GROUP BY ${group} HAVING bool_or(__onpoint_new))`,
    );
    return Number(found?.n ?? 0);
  });
}

/** Rows of the run whose value is not in the other table. */
async function orphans(
  deps: CheckDeps,
  { written }: CheckedTable,
  check: Extract<TableCheck, { kind: "foreign_key" }>,
): Promise<number> {
  const [column] = keysOf([check.column], written.columns) ?? [];
  if (column === undefined || written.files.length === 0) return 0;
  const other = await deps.filesOf(check.table);
  return withFiles(deps, [written.files, other.files], async (sql, [own = [], others = []]) => {
    const has = keysOf([check.field], other.columns) !== null && others.length > 0;
    const known = has
      ? `AND NOT EXISTS (SELECT 1 FROM ${parquet(others)} AS o WHERE CAST(o.${sqlName(check.field)} AS VARCHAR) = CAST(w.${column} AS VARCHAR))`
      : "";
    const [found] = await sql.rows(
      `SELECT count(*) AS n FROM ${parquet(own)} AS w WHERE w.${column} IS NOT NULL ${known}`,
    );
    return Number(found?.n ?? 0);
  });
}

const parquet = (files: readonly string[]) =>
  `read_parquet(${sqlList(files)}, union_by_name = true, hive_partitioning = false)`;

async function withFiles<T>(
  { lake, scratch, memoryLimitMb }: CheckDeps,
  groups: readonly (readonly SnapshotFile[])[],
  body: (sql: Sql, local: string[][]) => Promise<T>,
): Promise<T> {
  const local: string[][] = [];
  for (const files of groups) {
    const paths: string[] = [];
    for (const { path } of files) paths.push(await lake.local(path, scratch));
    local.push(paths);
  }
  const allowedPaths = [...new Set(local.flat().map((path) => dirname(path)))];
  const sql = await openDuckDb({ memoryLimitMb, scratch, allowedPaths });
  try {
    return await body(sql, local);
  } finally {
    await sql.close();
  }
}

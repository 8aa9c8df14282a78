// One table of a task: its inputs staged, its columns settled, bad values set aside, Parquet written, rows proved.
import { join } from "node:path";
import type { PartitionColumn, TableKey } from "../model/pipeline.ts";
import type { TableCheck, TaskCheck } from "../model/table-check.ts";
import type { Sql } from "../sql/duckdb.ts";
import { Permanent } from "../std/errors.ts";
import { type BadCasts, findBadCasts, quarantineBadCasts } from "./bad-casts.ts";
import { aliasTarget, type SchemaRules } from "./evolve-columns.ts";
import type { Column } from "./merge-columns.ts";
import { openQuarantine, type Quarantine } from "./quarantine.ts";
import type { RecordReader } from "./record.ts";
import { reasonColumn, relationOf } from "./relation.ts";
import { checkPrefix, measureChecks, withCheckReasons } from "./row-checks.ts";
import { proveRows, type RowCounts } from "./row-proof.ts";
import type { StagedInput } from "./stage-input.ts";
import { type Declared, type RegisterSchema, settleColumns } from "./table-columns.ts";
import { writeNewest } from "./write-newest.ts";
import type { WrittenFile } from "./written-file.ts";

/**
 * An input after staging; `read` reads its records again (null for Parquet, which SQL reads). `isText`: its values are text that
 * types are read out of.
 */
export type ReadyInput = {
  staged: StagedInput;
  name: string;
  read: RecordReader | null;
  isText?: boolean;
};

/** What staging found; `blank` and `bad` count records that no staged input has. */
export type StagedTable = { inputs: ReadyInput[]; blank: number; bad: number };

/** A table a task writes. `stage` reads its inputs, sending bad records to the quarantine. */
export type TableWork = {
  table: string;
  declared: Declared;
  rules: SchemaRules;
  checks: readonly TableCheck[];
  partitionBy: readonly PartitionColumn[];
  sortBy: readonly string[];
  key: TableKey | null;
  stage(scratch: string, quarantine: Quarantine): Promise<StagedTable>;
};

/** Rows of one table, all below the task's scratch folder. `columns`: all of the table's, as registered. */
export type TableWritten = RowCounts & {
  table: string;
  schemaVersion: number;
  columns: Column[];
  checks: TaskCheck[];
  files: WrittenFile[];
  quarantineFiles: WrittenFile[];
};

/** What all tables of a task share. */
export type TableDeps = {
  sql: Sql;
  scratch: string;
  task: string;
  runDate: string;
  registerSchema: RegisterSchema;
};

/** Throws Permanent for what no retry can read, and when the row proof fails. */
export async function processTable(
  deps: TableDeps,
  work: TableWork,
  signal: AbortSignal,
): Promise<TableWritten> {
  const { sql, task, runDate } = deps;
  const { table } = work;
  const scratch = join(deps.scratch, table);
  const quarantine = await openQuarantine(`${scratch}.quarantine.ndjson`);
  try {
    // 1. Count and check every record; put it where SQL can read it.
    const { inputs, blank, bad } = await work.stage(scratch, quarantine);
    const ready = inputs
      .filter(({ staged }) => staged.records > 0)
      .map((input) => withPresentNames(input, work.rules.aliases));
    const good = ready.reduce((sum, { staged }) => sum + staged.records, 0);
    const goodBytes = ready.reduce((sum, { staged }) => sum + staged.sizeBytes, 0);
    // 2. Settle the columns with all other writers of the table.
    const { version, targets, registered, refused } = await settle(deps, work, ready);
    // 3. Set aside, or leave out, rows with a value that no column can hold.
    let files: WrittenFile[] = [];
    let discarded = 0;
    let replaced = 0;
    let caught: BadCasts = { rows: [], reasons: [] };
    if (good > 0) {
      const relation = relationOf(
        ready.map(({ staged }) => staged),
        targets,
        refused,
      );
      const checked = withCheckReasons(relation.select, relation.isChecked, work.checks, targets);
      let select = checked ?? relation.select;
      if (relation.isChecked || checked !== null) {
        const found = await findBadCasts(sql, select, `${scratch}.casts.ndjson`);
        const isCheck = (reason: string) => reason.startsWith(checkPrefix);
        const misfits = chosen(found, (reason) => !isCheck(reason));
        caught = chosen(found, isCheck);
        if (work.rules.contract === "freeze") refuseMisfits(table, misfits);
        const isDiscarding = work.rules.contract === "discard_row";
        if (isDiscarding) discarded = misfits.rows.length;
        await quarantineBadCasts(sql, ready, isDiscarding ? caught : found, quarantine, signal);
        select = `SELECT * EXCLUDE (${reasonColumn}) FROM (${select}) WHERE ${reasonColumn} IS NULL`;
      }
      // 4. Write the rest, each key once.
      ({ files, replaced } = await writeNewest({
        ...deps,
        table,
        key: work.key,
        select,
        isCheap: true,
        rowBytes: goodBytes / good,
        columns: targets,
        registered,
        partitionBy: work.partitionBy,
        sortBy: work.sortBy,
        folder: join(scratch, "parts"),
      }));
    }
    // 5. Write the quarantine, and prove that nothing is missing.
    await quarantine.close();
    const folder = join(scratch, "quarantine");
    const quarantineFiles = await quarantine.write(sql, {
      folder,
      task,
      schemaVersion: version,
      runDate,
    });
    const rowsOut = files.reduce((sum, file) => sum + file.rows, 0);
    const quarantined = quarantine.rows;
    const counts = { rowsIn: good + bad + blank, rowsOut, quarantined, blank, discarded, replaced };
    proveRows(table, counts);
    const paths = files.map(({ local }) => local);
    return {
      table,
      ...counts,
      checks: [
        ...countReasons(caught),
        ...(await measureChecks(
          sql,
          paths,
          work.checks,
          writtenColumns(work, targets, registered),
        )),
      ],
      schemaVersion: version,
      columns: registered,
      files,
      quarantineFiles,
    };
  } finally {
    await quarantine.close();
  }
}

/** Columns under the names they go by now. */
function withPresentNames(input: ReadyInput, aliases: SchemaRules["aliases"]): ReadyInput {
  if (Object.keys(aliases).length === 0) return input;
  const columns = input.staged.columns.map((column) => ({
    ...column,
    name: aliasTarget(column.name, aliases) ?? column.name,
  }));
  return { ...input, staged: { ...input.staged, columns } };
}

function chosen({ rows, reasons }: BadCasts, isChosen: (reason: string) => boolean): BadCasts {
  const at = reasons.flatMap((reason, i) => (isChosen(reason) ? [i] : []));
  return { rows: at.map((i) => rows[i] ?? 0), reasons: at.map((i) => reasons[i] ?? "") };
}

function countReasons({ reasons }: BadCasts): TaskCheck[] {
  const counts = Map.groupBy(reasons, (reason) => reason.slice(checkPrefix.length));
  return [...counts].map(([check, of]) => ({ check, failures: of.length }));
}

/** The columns of the files: those of the rows, and partitions. */
function writtenColumns(
  { partitionBy }: TableWork,
  targets: readonly Column[],
  registered: readonly Column[],
): Column[] {
  const names = new Set([...targets, ...partitionBy].map(({ name }) => name.toLowerCase()));
  return registered.filter(({ name }) => names.has(name.toLowerCase()));
}

function refuseMisfits(table: string, { rows, reasons }: BadCasts): void {
  if (rows.length === 0) return;
  const kinds = [...new Set(reasons)].sort();
  const shown = kinds.slice(0, 5).join(", ");
  const more = kinds.length > 5 ? ` and ${kinds.length - 5} more` : "";
  throw new Permanent(
    `write "${table}": its schema is frozen, and ${rows.length} rows do not fit it: ${shown}${more}; declare the change under tables.${table}.columns, or set another contract`,
  );
}

async function settle(deps: TableDeps, work: TableWork, ready: readonly ReadyInput[]) {
  const { sql, runDate, registerSchema } = deps;
  const { table, declared, rules, partitionBy } = work;
  if (ready.length === 0) {
    // Nothing is known of an empty table but what was declared for it.
    const { version, columns } = await registerSchema(table, [], (old) => old);
    return { version, targets: [], registered: columns, refused: [] };
  }
  const found = ready.map(({ staged }) => staged.columns);
  const settled = await settleColumns({
    sql,
    table,
    found,
    declared,
    rules,
    partitionBy,
    runDate,
    registerSchema,
  });
  if (settled.targets.length === 0)
    throw new Permanent(`write "${table}": no record has a value with a name`);
  return settled;
}

// `onpoint quarantine ls|show|replay`: bad rows by table, over all runs, and trying them again.
import { queryTables } from "../internal/catalog/query-tables.ts";
import { listTables, readSnapshot } from "../internal/catalog/snapshots.ts";
import { readTableSettings } from "../internal/catalog/table-settings-file.ts";
import { replayQuarantine } from "../internal/flow/replay-quarantine.ts";
import { tablesOf } from "../internal/model/pipeline.ts";
import { quarantineTable } from "../internal/model/quarantine.ts";
import { tableSettings } from "../internal/process/table-settings.ts";
import { sqlName } from "../internal/sql/quote.ts";
import { UsageError } from "../internal/std/errors.ts";
import { nearestName } from "../internal/std/nearest-name.ts";
import type { CommandResult } from "./command-result.ts";
import { type LakeOptions, type OpenLake, withLake } from "./open-lake.ts";
import { readPipeline } from "./read-pipeline.ts";
import { withScratch } from "./scratch-folder.ts";
import { textTable } from "./text-table.ts";

const rowsMax = 1_000;
const rawChars = 200;
const prefix = quarantineTable("");

/** JSON: an array of `{ table, rows, files }`. */
export function quarantineListCommand(options: LakeOptions): Promise<CommandResult> {
  return withLake(options, async ({ objects }) => {
    const tables: { table: string; rows: number; files: number }[] = [];
    for (const name of await quarantines({ objects })) {
      const snapshot = await readSnapshot(objects, name);
      if (snapshot === null || snapshot.rows === 0) continue;
      const table = name.slice(prefix.length);
      tables.push({ table, rows: snapshot.rows, files: snapshot.files.length });
    }
    const columns = [
      { name: "table" },
      { name: "rows", right: true },
      { name: "files", right: true },
    ];
    const rows = tables.map(({ table, rows, files }) => [table, String(rows), String(files)]);
    const text = rows.length === 0 ? "no quarantined rows" : textTable(columns, rows);
    return { text, json: tables, exitCode: 0 };
  });
}

/** JSON: `{ table, rows, reasons: { <reason>: rows }, sample: [...] }`; at most 1,000 rows are in the sample. */
export function quarantineShowCommand(table: string, options: LakeOptions): Promise<CommandResult> {
  return withLake(options, async (lake) => {
    const name = await findQuarantine(lake, table);
    const ask = <T>(select: string) =>
      withScratch(lake.settings, async (scratch) => {
        const limits = { scratch, memoryLimitMb: lake.settings.memoryMb };
        return (await queryTables(lake.objects, select, limits)).rows as T[];
      });
    const counts = await ask<{ reason: string; n: string }>(
      `SELECT reason, count(*) AS n FROM ${sqlName(name)} GROUP BY reason ORDER BY count(*) DESC, reason`,
    );
    const sample = await ask<Record<string, unknown>>(
      `SELECT file, line, byte_offset, reason, schema_version, task, left(raw, ${rawChars}) AS raw, raw_is_base64, row_kind IS NOT NULL AS can_be_replayed
       FROM ${sqlName(name)} ORDER BY file, line, byte_offset LIMIT ${rowsMax}`,
    );
    const reasons = Object.fromEntries(counts.map(({ reason, n }) => [reason, Number(n)]));
    const total = Object.values(reasons).reduce((sum, n) => sum + n, 0);
    const places = sample
      .slice(0, 50)
      .map((row) => [
        String(row.file),
        String(row.line ?? "-"),
        String(row.byte_offset ?? "-"),
        String(row.reason),
        String(row.schema_version),
        JSON.stringify(row.raw).slice(1, -1),
      ]);
    const text = [
      textTable(
        [{ name: "reason" }, { name: "rows", right: true }],
        Object.entries(reasons).map(([reason, n]) => [reason, String(n)]),
      ),
      "",
      textTable(
        ["file", "line", "byte", "reason", "schema", "raw"].map((each) => ({ name: each })),
        places,
      ),
      ...(total > places.length ? [`${total - places.length} more rows`] : []),
    ].join("\n");
    return { text, json: { table, rows: total, reasons, sample }, exitCode: 0 };
  });
}

/**
 * Tries the rows again, with the settings of the last run or of a pipeline file. JSON: `{ table, rows, passed, left, replaced,
 * files }`; exit 3 when rows are left.
 */
export function quarantineReplayCommand(
  table: string,
  options: LakeOptions & { pipeline?: string; run?: string; config?: string },
): Promise<CommandResult> {
  return withLake(options, async (lake) => {
    await findQuarantine(lake, table);
    const settingsOf = await settingsReader(lake, table, options);
    const stop = new AbortController();
    const onSignal = () =>
      stop.abort(new UsageError("interrupted", table, "the same command goes on"));
    process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
    try {
      const counts = await withScratch(lake.settings, (scratch) =>
        replayQuarantine(
          {
            lake: lake.objects,
            settingsOf,
            run: options.run ?? null,
            scratch,
            memoryLimitMb: lake.settings.memoryMb,
            signal: stop.signal,
          },
          table,
        ),
      );
      const replaced =
        counts.replaced === 0
          ? ""
          : `; ${counts.replaced} rows gave way to newer ones of their key`;
      const text = `${table}: ${counts.passed} of ${counts.rows} quarantined rows are in the table now, ${counts.left} stay${replaced}`;
      return { text, json: { table, ...counts }, exitCode: counts.left > 0 ? 3 : 0 };
    } finally {
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    }
  });
}

async function settingsReader(
  { objects }: OpenLake,
  table: string,
  options: { pipeline?: string; config?: string },
) {
  if (options.pipeline === undefined) {
    return async (source: string) => {
      const saved = await readTableSettings(objects, table, source);
      if (saved !== null) return saved;
      const what = `the lake does not know how source "${source}" writes "${table}"`;
      throw new UsageError(what, "--pipeline", "give the pipeline file");
    };
  }
  const configFile = options.config ?? process.env.ONPOINT_CONFIG ?? null;
  const read = { configFile, env: process.env, cwd: process.cwd() };
  const pipeline = await readPipeline(options.pipeline, read);
  return async (name: string) => {
    const source = pipeline.sources.find((each) => each.name === name);
    if (source !== undefined && tablesOf(source).includes(table))
      return tableSettings(pipeline.tables, source, table);
    const what = `no source "${name}" writes "${table}" in this pipeline, and its rows are in quarantine`;
    throw new UsageError(what, options.pipeline ?? "", "give the pipeline that wrote the table");
  };
}

async function quarantines({ objects }: Pick<OpenLake, "objects">): Promise<string[]> {
  return (await listTables(objects)).filter((name) => name.startsWith(prefix));
}

/** Name of the table of a table's bad rows. Throws UsageError when there is none. */
async function findQuarantine(lake: OpenLake, table: string): Promise<string> {
  const all = (await quarantines(lake)).map((name) => name.slice(prefix.length));
  if (all.includes(table)) return quarantineTable(table);
  const nearest = nearestName(table, all);
  const hint = nearest === null ? "" : `did you mean ${nearest}? `;
  const list = all.length === 0 ? "no table has any" : `tables that have: ${all.join(", ")}`;
  throw new UsageError(
    `there are no quarantined rows of "${table}"`,
    lake.objects.url,
    hint + list,
  );
}

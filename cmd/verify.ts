// `onpoint verify TABLE`: reads the table's committed files again and compares them with what the lake says of them.
import { unknownTable } from "../internal/catalog/query-tables.ts";
import { listTables, readSnapshot } from "../internal/catalog/snapshots.ts";
import { verifySnapshot } from "../internal/catalog/verify-table.ts";
import { openDuckDb } from "../internal/sql/duckdb.ts";
import type { CommandResult } from "./command-result.ts";
import { type LakeOptions, withLake } from "./open-lake.ts";
import { withScratch } from "./scratch-folder.ts";

const advice =
  "`onpoint run PIPELINE --date DATE --force` writes the run's files again from its input; or restore them from a backup";

/**
 * Exit code 1 when anything differs. JSON: `{ table, version, files, rows, sizeBytes, mismatches: [{ path, problem }] }`.
 * Throws UsageError for an unknown table.
 */
export function verifyCommand(table: string, options: LakeOptions): Promise<CommandResult> {
  return withLake(options, async ({ objects, settings }) => {
    const tables = await listTables(objects);
    const snapshot = tables.includes(table) ? await readSnapshot(objects, table) : null;
    if (snapshot === null) throw unknownTable(table, tables);
    const verified = await withScratch(settings, async (scratch) => {
      const sql = await openDuckDb({
        memoryLimitMb: settings.memoryMb,
        scratch,
        allowedPaths: [],
      });
      try {
        return await verifySnapshot(objects, snapshot, sql, scratch);
      } finally {
        await sql.close();
      }
    });
    const { files, rows, mismatches } = verified;
    const what = `table "${table}" version ${snapshot.version}`;
    const text =
      mismatches.length === 0
        ? `${what}: ${files} files and ${rows} rows are as they were committed`
        : [
            `${what}: ${mismatches.length} things are not as they were committed`,
            ...mismatches.map(({ path, problem }) => `  ${path ?? "(table)"}: ${problem}`),
            `what to do: ${advice}`,
          ].join("\n");
    return {
      text,
      json: { table, version: snapshot.version, ...verified },
      exitCode: mismatches.length === 0 ? 0 : 1,
    };
  });
}

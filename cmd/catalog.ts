// `onpoint catalog ls|show`: the lake's tables as readers see them.
import { unknownTable } from "../internal/catalog/query-tables.ts";
import { listTables, readSnapshot } from "../internal/catalog/snapshots.ts";
import type { Snapshot } from "../internal/model/snapshot.ts";
import type { CommandResult } from "./command-result.ts";
import { type LakeOptions, withLake } from "./open-lake.ts";
import { sectionsText } from "./report-text.ts";
import { textTable } from "./text-table.ts";

const listColumns = [
  { name: "table" },
  { name: "kind" },
  { name: "version", right: true },
  { name: "rows", right: true },
  { name: "files", right: true },
  { name: "bytes", right: true },
  { name: "created by" },
];

/** JSON: an array of `{ table, kind, version, rows, files, sizeBytes, createdAt, createdBy }`. */
export function catalogListCommand(options: LakeOptions): Promise<CommandResult> {
  return withLake(options, async ({ objects }) => {
    const tables: Omit<Snapshot, "files" | "columns">[] = [];
    const rows: string[][] = [];
    for (const name of await listTables(objects)) {
      const snapshot = await readSnapshot(objects, name);
      if (snapshot === null) continue;
      const { files, columns: _, ...facts } = snapshot;
      const { table, kind, version, sizeBytes, createdBy } = facts;
      tables.push({ ...facts, ...{ files: files.length } });
      const numbers = [version, facts.rows, files.length, sizeBytes].map(String);
      rows.push([table, kind, ...numbers, createdBy]);
    }
    const text = rows.length === 0 ? `no tables in ${objects.url}` : textTable(listColumns, rows);
    return { text, json: tables, exitCode: 0 };
  });
}

/** JSON: the snapshot. Throws UsageError for an unknown table. */
export function catalogShowCommand(table: string, options: LakeOptions): Promise<CommandResult> {
  return withLake(options, async ({ objects }) => {
    const tables = await listTables(objects);
    const snapshot = tables.includes(table) ? await readSnapshot(objects, table) : null;
    if (snapshot === null) throw unknownTable(table, tables);
    return { text: sectionsText(snapshotSections(snapshot)), json: snapshot, exitCode: 0 };
  });
}

function snapshotSections(snapshot: Snapshot) {
  const { table, kind, version, createdAt, createdBy, columns, rows, sizeBytes, files } = snapshot;
  const facts = {
    table,
    kind,
    version,
    rows,
    files: files.length,
    bytes: sizeBytes,
    createdAt,
    createdBy,
  };
  const pathOf = (partition: Record<string, string>) =>
    Object.entries(partition)
      .map(([name, value]) => `${name}=${value}`)
      .join("/");
  const partitions = [...Map.groupBy(files, ({ partition }) => pathOf(partition))].sort(
    ([a], [b]) => (a < b ? -1 : 1),
  );
  return [
    {
      title: "",
      columns: [{ name: "" }, { name: "" }],
      rows: Object.entries(facts).map(([name, value]) => [name, String(value)]),
    },
    {
      title: "columns",
      columns: [{ name: "column" }, { name: "type" }],
      rows: columns.map(({ name, type }) => [name, type]),
    },
    {
      title: "partitions",
      columns: [
        { name: "partition" },
        { name: "files", right: true },
        { name: "rows", right: true },
        { name: "bytes", right: true },
      ],
      rows: partitions.map(([path, own]) => [
        path === "" ? "(none)" : path,
        String(own.length),
        String(own.reduce((sum, file) => sum + file.rows, 0)),
        String(own.reduce((sum, file) => sum + file.sizeBytes, 0)),
      ]),
    },
  ];
}

// How a source's rows become a table, as of the last run: kept in the lake for rows that are tried again later.
import { tableSettingsFolder, tableSettingsPath } from "../model/lake-paths.ts";
import type { Compatibility, Source, TableConfig } from "../model/pipeline.ts";
import { tablesOf } from "../model/pipeline.ts";
import type { Objects } from "../objects/objects.ts";
import { type TableSettings, tableSettings } from "../process/table-settings.ts";
import { jsonText, readJson } from "./compare-and-swap.ts";

/** The settings of the last run that had this source; null when there was none. */
export async function readTableSettings(
  lake: Objects,
  table: string,
  source: string,
): Promise<TableSettings | null> {
  const found = await readJson(lake, tableSettingsPath(table, source));
  return found === null ? null : (found.value as TableSettings);
}

/** Levels of compatibility that the last runs held the table to, each once; empty: no run is known. */
export async function heldCompatibility(lake: Objects, table: string): Promise<Compatibility[]> {
  const folder = tableSettingsFolder(table);
  const levels = new Set<Compatibility>();
  for await (const { path } of lake.list(folder)) {
    const source = path.slice(folder.length).replace(/\.json$/, "");
    const settings = await readTableSettings(lake, table, source);
    if (settings !== null) levels.add(settings.rules.compatibility);
  }
  return [...levels].sort();
}

/** Keeps the settings of all tables that the sources write. */
export async function saveTableSettings(
  lake: Objects,
  sources: readonly Source[],
  tables: Readonly<Record<string, TableConfig>>,
): Promise<void> {
  for (const source of sources) {
    for (const table of tablesOf(source)) {
      const settings = tableSettings(tables, source, table);
      await lake.put(tableSettingsPath(table, source.name), jsonText(settings));
    }
  }
}

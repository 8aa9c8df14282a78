// Which schema can read the rows of which: the levels of compatibility that schema registries know, for columns that may all
// be NULL. So a column may come or go freely; what counts is its type.
import type { Compatibility } from "../model/pipeline.ts";
import { type DuckType, parseType } from "./duckdb-type.ts";
import { type Column, coversType } from "./merge-columns.ts";

/** What is in the way: rows of `writer` have values in `column` that `reader` cannot hold. Types as DuckDB writes them. */
export type Incompatibility = {
  column: string;
  direction: "backward" | "forward";
  /** The registered version that the new schema was held against. */
  version: number;
  readerType: string;
  writerType: string;
};

/** Whether the new schema must read old rows, whether old schemas must read new rows, and whether all old ones count. */
export function demandsOf(level: Compatibility) {
  const kind = level.replace("_transitive", "");
  return {
    backward: kind === "backward" || kind === "full",
    forward: kind === "forward" || kind === "full",
    isTransitive: level.endsWith("_transitive"),
  };
}

/** What keeps `next` from coming after `versions`, oldest first; empty: nothing. */
export function incompatibilities(
  level: Compatibility,
  next: readonly Column[],
  versions: readonly { version: number; columns: readonly Column[] }[],
): Incompatibility[] {
  const { backward, forward, isTransitive } = demandsOf(level);
  const found: Incompatibility[] = [];
  for (const { version, columns } of isTransitive ? versions : versions.slice(-1)) {
    if (backward) {
      for (const one of unreadable(next, columns))
        found.push({ ...one, version, direction: "backward" });
    }
    if (forward) {
      for (const one of unreadable(columns, next))
        found.push({ ...one, version, direction: "forward" });
    }
  }
  return found;
}

/** Columns of rows written with `writer` that `reader` cannot hold. */
function unreadable(reader: readonly Column[], writer: readonly Column[]) {
  return reader.flatMap((column) => {
    const names = [column.name, ...(column.aliases ?? [])].map((name) => name.toLowerCase());
    return writer
      .filter(({ name }) => names.includes(name.toLowerCase()))
      .filter(({ type }) => !canRead(parseType(column.type), parseType(type)))
      .map(({ type }) => ({ column: column.name, readerType: column.type, writerType: type }));
  });
}

/** Whether every value of `writer` is one of `reader`, unchanged; fields of a struct that the reader lacks are left out. */
export function canRead(reader: DuckType, writer: DuckType): boolean {
  if (reader.kind === "list" && writer.kind === "list") return canRead(reader.item, writer.item);
  if (reader.kind === "struct" && writer.kind === "struct") {
    return reader.fields.every((field) => {
      const written = writer.fields.find((each) => each.name === field.name);
      return written === undefined || canRead(field.type, written.type);
    });
  }
  return coversType(reader, writer);
}

// How a table's schema grows: new columns are appended, types widen only where every value keeps its exact meaning, and
// everything else becomes VARCHAR, which holds any value as text.
import { type DuckType, parseType, printType } from "./duckdb-type.ts";

/** A column and its DuckDB type. `aliases`: names it had in older files. */
export type Column = { name: string; type: string; aliases?: string[] };

/**
 * The columns of both, in the order of `old` and then of `inferred`. Names are compared without case, as every reader of
 * Parquet in SQL does; the older spelling stays. The inferred type `NULL` (no value seen) changes nothing, and alone is
 * VARCHAR. BIGINT with DOUBLE is DOUBLE: the caller must not say BIGINT then for integers beyond 2^53.
 */
export function mergeColumns(old: readonly Column[], inferred: readonly Column[]): Column[] {
  return foldColumns(old, inferred).map(({ name, type }) => ({
    name,
    type: printType(withoutNull(parseType(type))),
  }));
}

/** As {@link mergeColumns}, but a column without any value yet keeps the type `NULL`. */
export function foldColumns(old: readonly Column[], inferred: readonly Column[]): Column[] {
  const merged = new Map<string, { name: string; type: DuckType }>();
  for (const column of [...old, ...inferred]) {
    const key = column.name.toLowerCase();
    const known = merged.get(key);
    const type = parseType(column.type);
    merged.set(
      key,
      known
        ? { name: known.name, type: mergeTypes(known.type, type) }
        : { name: column.name, type },
    );
  }
  return [...merged.values()].map(({ name, type }) => ({ name, type: printType(type) }));
}

/** Whether a column of type `target` holds every value of a column inferred as `type`, unchanged. */
export function covers(target: string, type: string): boolean {
  return coversType(parseType(target), parseType(type));
}

/** As {@link covers}, of types that were read. */
export function coversType(target: DuckType, type: DuckType): boolean {
  const wanted = withoutNull(target);
  return printType(withoutNull(mergeTypes(wanted, type))) === printType(wanted);
}

/** The narrowest type that holds the values of both exactly, or VARCHAR. */
export function mergeTypes(a: DuckType, b: DuckType): DuckType {
  if (isNull(a)) return b;
  if (isNull(b)) return a;
  if (a.kind === "list" && b.kind === "list") {
    return { kind: "list", item: mergeTypes(a.item, b.item) };
  }
  if (a.kind === "struct" && b.kind === "struct") return mergeStructs(a.fields, b.fields);
  if (a.kind === "scalar" && b.kind === "scalar") {
    if (a.name === b.name) return a;
    return { kind: "scalar", name: widerNumber(a.name, b.name) ?? "VARCHAR" };
  }
  return { kind: "scalar", name: "VARCHAR" };
}

type Fields = Extract<DuckType, { kind: "struct" }>["fields"];

function mergeStructs(a: Fields, b: Fields): DuckType {
  const fields = new Map(a.map((field) => [field.name.toLowerCase(), field]));
  for (const field of b) {
    const known = fields.get(field.name.toLowerCase());
    // Two spellings of one field cannot both be read by name: only text keeps them apart.
    if (known && known.name !== field.name) return { kind: "scalar", name: "VARCHAR" };
    const type = known ? mergeTypes(known.type, field.type) : field.type;
    fields.set(field.name.toLowerCase(), { name: field.name, type });
  }
  return { kind: "struct", fields: [...fields.values()] };
}

const isNull = (type: DuckType) => type.kind === "scalar" && type.name === "NULL";

function withoutNull(type: DuckType): DuckType {
  if (type.kind === "list") return { kind: "list", item: withoutNull(type.item) };
  if (type.kind === "struct") {
    return {
      kind: "struct",
      fields: type.fields.map((f) => ({ name: f.name, type: withoutNull(f.type) })),
    };
  }
  return isNull(type) ? { kind: "scalar", name: "VARCHAR" } : type;
}

const integers: Record<string, number> = { TINYINT: 3, SMALLINT: 5, INTEGER: 10, BIGINT: 19 };

/** Digits before and behind the point; null for what is not an exact number. */
function digitsOf(name: string): { whole: number; scale: number } | null {
  const whole = integers[name];
  if (whole !== undefined) return { whole, scale: 0 };
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(name);
  if (!decimal) return null;
  return { whole: Number(decimal[1]) - Number(decimal[2]), scale: Number(decimal[2]) };
}

function widerNumber(a: string, b: string): string | null {
  const x = integers[a];
  const y = integers[b];
  if (x !== undefined && y !== undefined) return x > y ? a : b;
  const floats = [a, b].filter((name) => name === "DOUBLE" || name === "FLOAT");
  if (floats.length === 2) return "DOUBLE";
  if (floats.length === 1) return x === undefined && y === undefined ? null : "DOUBLE";
  const left = digitsOf(a);
  const right = digitsOf(b);
  if (!left || !right) return null;
  const scale = Math.max(left.scale, right.scale);
  const digits = Math.max(left.whole, right.whole) + scale;
  return digits <= 38 ? `DECIMAL(${digits},${scale})` : null;
}

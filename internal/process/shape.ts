// The shape of the values seen so far: one node a column, with nodes for what is nested, and the type they come to.
import type { DuckType } from "./duckdb-type.ts";
import { printType } from "./duckdb-type.ts";
import { bit } from "./text-type.ts";

/** Values seen at one place. `count` is of good records only: a node that only bad ones had stays at 0. */
export type Shape = {
  bits: number;
  count: number;
  /** The object last seen to have this key: finds duplicate keys. */
  mark: number;
  fields: Map<string, Shape>;
  /**
   * Keys as bytes, as they stand between quotes, in order of appearance: the next key of a record is nearly always the next
   * one here. Without those first seen with an escape.
   */
  keys: { bytes: Buffer; shape: Shape }[];
  item: Shape | null;
  /** More keys than a struct can usefully have: an object used as a map. */
  wide: boolean;
};

/** Most keys a nested object may have and still become a STRUCT. */
export const maxFields = 256;
/** Deepest nesting that gets a type of its own; deeper values stay JSON text. */
const maxTypeDepth = 8;

export function newShape(): Shape {
  return { bits: 0, count: 0, mark: 0, fields: new Map(), keys: [], item: null, wide: false };
}

/** The DuckDB type that holds every value seen exactly; `NULL` when there was none. Mixed kinds are VARCHAR. */
export function typeOf(shape: Shape): string {
  return printType(duckTypeOf(shape, 0));
}

/** Whether the column has integers that a DOUBLE would round. */
export const hasLongIntegers = (shape: Shape) => (shape.bits & (bit.long | bit.huge)) !== 0;

const scalar = (name: string): DuckType => ({ kind: "scalar", name });

function duckTypeOf(shape: Shape, depth: number): DuckType {
  const { bits } = shape;
  if (bits === 0) return scalar("NULL");
  const only = (allowed: number) => (bits & ~allowed) === 0;
  if (only(bit.boolean)) return scalar("BOOLEAN");
  if (only(bit.integer | bit.long)) return scalar("BIGINT");
  // Nested: DuckDB's reader would take such numbers through a double.
  if (only(bit.integer | bit.long | bit.huge))
    return scalar(depth === 0 ? "DECIMAL(38,0)" : "VARCHAR");
  if (only(bit.integer | bit.real)) return scalar("DOUBLE");
  if (only(bit.date)) return scalar("DATE");
  if (only(bit.timestamp)) return scalar("TIMESTAMP");
  if (only(bit.timestampTz)) return scalar("TIMESTAMPTZ");
  if (depth >= maxTypeDepth) return scalar("VARCHAR");
  if (only(bit.list)) {
    return { kind: "list", item: shape.item ? duckTypeOf(shape.item, depth + 1) : scalar("NULL") };
  }
  if (only(bit.object)) return structOf(shape, depth);
  return scalar("VARCHAR");
}

function structOf(shape: Shape, depth: number): DuckType {
  const fields = [...shape.fields].filter(([, field]) => field.count > 0);
  const names = new Set(fields.map(([name]) => name.toLowerCase()));
  if (shape.wide || fields.length === 0 || names.has("") || names.size < fields.length)
    return scalar("VARCHAR");
  return {
    kind: "struct",
    fields: fields.map(([name, field]) => ({ name, type: duckTypeOf(field, depth + 1) })),
  };
}

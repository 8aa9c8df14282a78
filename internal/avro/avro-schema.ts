// Avro schemas (Apache Avro 1.12 specification) as trees that values are decoded by, and the column types they come to.

/** A logical type that is kept exactly; `decimal` with its scale. Others, and wrong ones, are their plain type (section Logical Types). */
export type Logical =
  | { kind: "decimal"; precision: number; scale: number }
  | { kind: "date" | "uuid" }
  | { kind: "time" | "timestamp" | "local-timestamp"; digits: 3 | 6 };

export type AvroType =
  | { kind: "null" | "boolean" | "float" | "double" }
  | { kind: "int" | "long" | "bytes" | "string"; logical: Logical | null }
  | { kind: "fixed"; size: number; logical: Logical | null }
  | { kind: "enum"; symbols: string[] }
  | { kind: "array" | "map"; items: AvroType }
  | { kind: "union"; branches: AvroType[] }
  | { kind: "record"; name: string; fields: { name: string; type: AvroType }[] };

const plain = new Set(["null", "boolean", "float", "double"]);
const withLogical = new Set(["int", "long", "bytes", "string"]);
const maxDepth = 100;

type Json = Record<string, unknown>;
/** Named types that were defined so far, by full name. */
type Names = Map<string, AvroType>;

/** Reads a schema in its JSON form. Throws Error for what is none. */
export function parseAvroSchema(text: string): AvroType {
  return typeOf(JSON.parse(text), "", new Map(), 0);
}

function typeOf(schema: unknown, space: string, names: Names, depth: number): AvroType {
  if (depth > maxDepth) throw new Error("an Avro schema nested too deeply");
  if (typeof schema === "string") return namedType(schema, space, names);
  if (Array.isArray(schema))
    return { kind: "union", branches: schema.map((each) => typeOf(each, space, names, depth + 1)) };
  if (typeof schema !== "object" || schema === null) throw new Error("not an Avro schema");
  const { type, ...rest } = schema as Json;
  if (type === "array")
    return { kind: "array", items: typeOf(rest.items, space, names, depth + 1) };
  if (type === "map") return { kind: "map", items: typeOf(rest.values, space, names, depth + 1) };
  if (type === "record" || type === "error") return recordOf(rest, space, names, depth);
  if (type === "enum") {
    return define(rest, space, names, {
      kind: "enum",
      symbols: (rest.symbols as unknown[]).map(String),
    });
  }
  if (type === "fixed") {
    const size = Number(rest.size);
    if (!Number.isInteger(size) || size < 0) throw new Error("an Avro fixed without a size");
    return define(rest, space, names, { kind: "fixed", size, logical: logicalOf(rest, "fixed") });
  }
  if (typeof type === "string" && withLogical.has(type)) {
    const kind = type as "int" | "long" | "bytes" | "string";
    return { kind, logical: logicalOf(rest, kind) };
  }
  return typeOf(type, space, names, depth + 1);
}

function namedType(name: string, space: string, names: Names): AvroType {
  if (plain.has(name)) return { kind: name as "null" };
  if (withLogical.has(name)) return { kind: name as "int", logical: null };
  const found =
    names.get(name.includes(".") || space === "" ? name : `${space}.${name}`) ?? names.get(name);
  if (found === undefined) throw new Error(`the Avro schema has no type "${name}"`);
  return found;
}

function spaceOf(schema: Json, space: string): string {
  const name = String(schema.name);
  if (name.includes(".")) return name.slice(0, name.lastIndexOf("."));
  return typeof schema.namespace === "string" ? schema.namespace : space;
}

function define(schema: Json, space: string, names: Names, type: AvroType): AvroType {
  const own = spaceOf(schema, space);
  const name = String(schema.name).split(".").at(-1) ?? "";
  names.set(own === "" ? name : `${own}.${name}`, type);
  return type;
}

function recordOf(schema: Json, space: string, names: Names, depth: number): AvroType {
  const type: Extract<AvroType, { kind: "record" }> = {
    kind: "record",
    name: String(schema.name),
    fields: [],
  };
  define(schema, space, names, type);
  if (!Array.isArray(schema.fields)) throw new Error("an Avro record without fields");
  for (const field of schema.fields as Json[])
    type.fields.push({
      name: String(field.name),
      type: typeOf(field.type, spaceOf(schema, space), names, depth + 1),
    });
  return type;
}

function logicalOf(schema: Json, kind: string): Logical | null {
  const name = String(schema.logicalType ?? "");
  if (name === "decimal" && (kind === "bytes" || kind === "fixed")) {
    const precision = Number(schema.precision);
    const scale = Number(schema.scale ?? 0);
    const isSound = precision >= 1 && scale >= 0 && scale <= precision;
    return isSound ? { kind: "decimal", precision, scale } : null;
  }
  if (name === "date" && kind === "int") return { kind: "date" };
  if (name === "uuid" && kind === "string") return { kind: "uuid" };
  const digits = name.endsWith("-millis") ? 3 : 6;
  if ((name === "time-millis" && kind === "int") || (name === "time-micros" && kind === "long"))
    return { kind: "time", digits };
  const found = /^(timestamp|local-timestamp)-(millis|micros)$/.exec(name)?.[1];
  return found !== undefined && kind === "long"
    ? { kind: found as "timestamp" | "local-timestamp", digits }
    : null;
}

/** The DuckDB type of a column. Maps, unions of several types, and records within themselves are VARCHAR, as JSON text. */
export function avroColumnType(type: AvroType, above: readonly AvroType[] = []): string {
  switch (type.kind) {
    case "null":
      return "NULL";
    case "boolean":
      return "BOOLEAN";
    case "int":
      return logicalType(type.logical) ?? "INTEGER";
    case "long":
      return logicalType(type.logical) ?? "BIGINT";
    case "float":
      return "FLOAT";
    case "double":
      return "DOUBLE";
    case "bytes":
    case "string":
    case "fixed":
      return logicalType(type.logical) ?? "VARCHAR";
    case "enum":
    case "map":
      return "VARCHAR";
    case "array":
      return `${avroColumnType(type.items, above)}[]`;
    case "union": {
      const branches = type.branches.filter(({ kind }) => kind !== "null");
      return branches.length === 1 ? avroColumnType(branches[0] as AvroType, above) : "VARCHAR";
    }
    case "record": {
      if (above.includes(type) || type.fields.length === 0) return "VARCHAR";
      const fields = type.fields.map(
        (field) =>
          `"${field.name.replaceAll('"', '""')}" ${avroColumnType(field.type, [...above, type])}`,
      );
      return `STRUCT(${fields.join(", ")})`;
    }
  }
}

function logicalType(logical: Logical | null): string | null {
  if (logical === null) return null;
  switch (logical.kind) {
    case "decimal":
      return logical.precision <= 38 ? `DECIMAL(${logical.precision},${logical.scale})` : "VARCHAR";
    case "date":
      return "DATE";
    case "uuid":
      return "UUID";
    case "time":
      return "TIME";
    case "timestamp":
      return "TIMESTAMPTZ";
    case "local-timestamp":
      return "TIMESTAMP";
  }
}

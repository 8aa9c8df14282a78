// Types as text, as DuckDB writes them, read into trees so that two of them can be merged field by field.

/** Whatever is neither a list nor a struct is a scalar, by its name: also MAP, ENUM and lists of fixed length. */
export type DuckType =
  | { kind: "scalar"; name: string }
  | { kind: "list"; item: DuckType }
  | { kind: "struct"; fields: { name: string; type: DuckType }[] };

const aliases: Record<string, string> = {
  "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ",
  INT: "INTEGER",
  INT4: "INTEGER",
  INT8: "BIGINT",
  LONG: "BIGINT",
  SHORT: "SMALLINT",
  TEXT: "VARCHAR",
  STRING: "VARCHAR",
  BOOL: "BOOLEAN",
  FLOAT8: "DOUBLE",
  REAL: "FLOAT",
  DECIMAL: "DECIMAL(18,3)",
  NUMERIC: "DECIMAL(18,3)",
  // The JSON type has no counterpart in Parquet.
  JSON: "VARCHAR",
  '"NULL"': "NULL",
};

/** Reads a type. Text that is neither a list nor a struct is taken as a scalar's name: nothing is refused here. */
export function parseType(text: string): DuckType {
  const type = text.trim();
  if (type.endsWith("[]")) return { kind: "list", item: parseType(type.slice(0, -2)) };
  const struct = /^(?:STRUCT|ROW)\s*\(([\s\S]*)\)$/i.exec(type);
  if (struct) return { kind: "struct", fields: splitFields(struct[1] ?? "") };
  const name = type.toUpperCase().replace(/\s*([(),])\s*/g, "$1");
  if (/[('"]/.test(name) && !/^(DECIMAL|NUMERIC)\(/.test(name)) {
    return { kind: "scalar", name: aliases[name] ?? type };
  }
  return { kind: "scalar", name: aliases[name] ?? name.replace(/^NUMERIC\(/, "DECIMAL(") };
}

/** The type as DuckDB reads it. */
export function printType(type: DuckType): string {
  if (type.kind === "scalar") return type.name;
  if (type.kind === "list") return `${printType(type.item)}[]`;
  const fields = type.fields.map((f) => `"${f.name.replaceAll('"', '""')}" ${printType(f.type)}`);
  return `STRUCT(${fields.join(", ")})`;
}

function splitFields(text: string): { name: string; type: DuckType }[] {
  return splitTop(text).map((part) => {
    const quoted = /^"((?:[^"]|"")*)"\s+([\s\S]+)$/.exec(part);
    if (quoted)
      return { name: (quoted[1] ?? "").replaceAll('""', '"'), type: parseType(quoted[2] ?? "") };
    const space = part.search(/\s/);
    return { name: part.slice(0, space), type: parseType(part.slice(space)) };
  });
}

/** Splits at commas that are outside brackets and quotes. */
function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let quote = "";
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (quote !== "") {
      if (c === quote) quote = "";
    } else if (c === '"' || c === "'") quote = c;
    else if (c === "(") depth++;
    else if (c === ")") depth--;
    else if (c === "," && depth === 0) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  const last = text.slice(start).trim();
  if (last !== "") parts.push(last);
  return parts;
}

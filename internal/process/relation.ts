// Staged inputs as one SQL relation: every input's columns under the table's names, with the table's types.
import { sqlList, sqlName, sqlText } from "../sql/quote.ts";
import { checkedCast, checkedJsonCast, jsonPointer } from "./checked-cast.ts";
import { parseType } from "./duckdb-type.ts";
import { type Column, covers } from "./merge-columns.ts";
import type { InputColumn, StagedInput } from "./stage-input.ts";

/**
 * A column to write. `isTrusted`: its values are our own and fit the type without a check. `variant`: the column that takes
 * the text of those that do not fit, or null: then their rows are bad.
 */
export type Target = Column & { isTrusted: boolean; variant: string | null };

/**
 * `select` yields the targets' columns, and, when `isChecked`, `__onpoint_reason`: NULL, or why the row is none:
 * `NEW_COLUMN:<column>` for a value in a refused column, `BAD_CAST:<column>` for the first column whose value is not exactly
 * one of the type, `TWO_NAMES:<column>` where a column has values under two of its names. Rows come in the order of the inputs.
 */
export type Relation = { select: string; isChecked: boolean };

export const reasonColumn = "__onpoint_reason";

/** Puts staged inputs together; `refused`: see TableColumns. There must be at least one input and one target. */
export function relationOf(
  inputs: readonly StagedInput[],
  targets: readonly Target[],
  refused: readonly string[] = [],
): Relation {
  const parts = groupsOf(inputs).map((group) => partOf(group, targets, refused));
  const isChecked = parts.some((part) => part.reasons.length > 0);
  const selects = parts.map(({ values, reasons, from }) => {
    const reason = reasons.length === 0 ? "CAST(NULL AS VARCHAR)" : `CASE ${reasons.join(" ")} END`;
    return `SELECT ${[...values, ...(isChecked ? [`${reason} AS ${reasonColumn}`] : [])].join(", ")} FROM ${from}`;
  });
  return { select: selects.join("\nUNION ALL\n"), isChecked };
}

type Part = { values: string[]; reasons: string[]; from: string };

function partOf(
  group: StagedInput[],
  targets: readonly Target[],
  refused: readonly string[],
): Part {
  const [input] = group as [StagedInput];
  const reasons: string[] = [];
  const reads = new Map<InputColumn, string>();
  for (const name of refused) {
    for (const column of columnsNamed(input, name)) {
      const read = readColumn(input, column, { name, type: "VARCHAR", ...plainTarget });
      reads.set(column, read.readAs);
      reasons.push(when(`${read.value} IS NOT NULL`, `NEW_COLUMN:${column.name}`));
    }
  }
  const variants = new Map<string, string>();
  const read = targets.map((target) => {
    const { value, bad } = readTarget(input, target, reads, reasons);
    if (bad === null) return { target, value };
    if (target.variant === null) {
      reasons.push(when(bad, `BAD_CAST:${target.name}`));
      return { target, value };
    }
    variants.set(target.variant, `CASE WHEN ${bad} THEN ${textOf(input, target)} END`);
    return { target, value: `CASE WHEN ${bad} THEN NULL ELSE ${value} END` };
  });
  const values = read.map(
    ({ target, value }) => `${variants.get(target.name) ?? value} AS ${sqlName(target.name)}`,
  );
  return { values, reasons, from: sourceOf(group, reads) };
}

/** A target's value as text, of columns that are read as `readTarget` asks for. */
function textOf(input: StagedInput, target: Target): string {
  const texts = columnsNamed(input, target.name).map((column) => {
    const { value } = readColumn(input, column, { ...target, type: "VARCHAR" });
    return `CAST(${value} AS VARCHAR)`;
  });
  return `coalesce(${texts.join(", ")})`;
}

const plainTarget = { isTrusted: false, variant: null };
const when = (test: string, reason: string) => `WHEN ${test} THEN ${sqlText(reason)}`;

const columnsNamed = (input: StagedInput, name: string) =>
  input.columns.filter((each) => each.name.toLowerCase() === name.toLowerCase());

/** A target's value out of the input's column of that name; of several (it has old names), whichever has one. */
function readTarget(
  input: StagedInput,
  target: Target,
  reads: Map<InputColumn, string>,
  reasons: string[],
): { value: string; bad: string | null } {
  const columns = columnsNamed(input, target.name);
  if (columns.length === 0) return { value: `CAST(NULL AS ${target.type})`, bad: null };
  const found = columns.map((column) => {
    const read = readColumn(input, column, target);
    reads.set(column, read.readAs);
    return read;
  });
  const [only] = found;
  if (found.length === 1 && only !== undefined) return only;
  const filled = found.map(({ value }) => `CAST(${value} IS NOT NULL AS INTEGER)`);
  reasons.push(when(`${filled.join(" + ")} > 1`, `TWO_NAMES:${target.name}`));
  const bad = found.flatMap((read) => read.bad ?? []);
  return {
    value: `coalesce(${found.map(({ value }) => value).join(", ")})`,
    bad: bad.length === 0 ? null : `(${bad.join(" OR ")})`,
  };
}

/** Inputs that one call of a reader can take, next to each other. */
function groupsOf(inputs: readonly StagedInput[]): StagedInput[][] {
  const groups: StagedInput[][] = [];
  let lastKey = "";
  for (const input of inputs) {
    const { path: _, records: __, ...rest } = input;
    const key = JSON.stringify(rest);
    const group = groups.at(-1);
    if (group && key === lastKey && input.kind !== "parquet") group.push(input);
    else groups.push([input]);
    lastKey = key;
  }
  return groups;
}

/** `readAs`: the type that DuckDB's JSON reader is asked for. */
type Read = { readAs: string; value: string; bad: string | null };

function readColumn(input: StagedInput, column: InputColumn, target: Target): Read {
  const isExact =
    target.isTrusted ||
    (covers(target.type, column.type) && !(column.hasLong && /^(DOUBLE|FLOAT)$/.test(target.type)));
  if (input.kind === "csv") {
    const text = sqlName(column.source);
    if (target.type === "VARCHAR") return { readAs: "", value: text, bad: null };
    // A quoted empty field is text only where text is asked for.
    const filled = `nullif(${text}, '')`;
    if (isExact) return { readAs: "", value: `CAST(${filled} AS ${target.type})`, bad: null };
    return { readAs: "", ...checkedCast(filled, target.type) };
  }
  if (input.kind === "parquet") return readTyped(sqlName(column.source), column, target, isExact);
  return readJson(input.isAwkward, column, target, isExact);
}

function readTyped(name: string, column: Column, target: Target, isExact: boolean): Read {
  if (column.type === target.type) return { readAs: "", value: name, bad: null };
  if (isExact) return { readAs: "", value: `CAST(${name} AS ${target.type})`, bad: null };
  return { readAs: "", ...checkedCast(`CAST(${name} AS VARCHAR)`, target.type) };
}

function readJson(isAwkward: boolean, column: InputColumn, target: Target, isExact: boolean): Read {
  const { type } = target;
  const isNested = parseType(type).kind !== "scalar";
  const pointer = sqlText(jsonPointer(column.source));
  const access = (readAs: string) => {
    if (!isAwkward) return sqlName(column.source);
    return `${readAs === "JSON" ? "json_extract" : "json_extract_string"}(json, ${pointer})`;
  };
  if (isNested) {
    if (isExact && !isAwkward) return { readAs: type, value: access(type), bad: null };
    return { readAs: "JSON", ...checkedJsonCast(access("JSON"), type) };
  }
  if (isExact && !isAwkward && /^(BOOLEAN|BIGINT|DOUBLE)$/.test(type)) {
    return { readAs: type, value: access(type), bad: null };
  }
  const text = access("VARCHAR");
  if (type === "VARCHAR") return { readAs: "VARCHAR", value: text, bad: null };
  if (isExact) return { readAs: "VARCHAR", value: `CAST(${text} AS ${type})`, bad: null };
  return { readAs: "VARCHAR", ...checkedCast(text, type) };
}

function sourceOf(group: StagedInput[], reads: Map<InputColumn, string>): string {
  const [input] = group as [StagedInput];
  const paths = sqlList(group.map((each) => each.path));
  if (input.kind === "parquet") return `read_parquet(${paths}, hive_partitioning=false)`;
  if (input.kind === "csv") return csvSource(input, paths);
  // DuckDB's buffers are of twice the longest record.
  const maxBytes = input.hasShortRecords === true ? 1_048_576 : 16_777_216;
  const options = `maximum_object_size=${maxBytes}, ignore_errors=false, hive_partitioning=false, compression=${sqlText(jsonCompression[input.compression])}`;
  if (input.isAwkward) return `read_ndjson_objects(${paths}, ${options})`;
  const columns = [...reads].map(
    ([column, readAs]) => `${sqlName(column.source)}: ${sqlText(readAs)}`,
  );
  // Without any column the rows must be counted all the same.
  const wanted = columns.length > 0 ? columns.join(", ") : `__onpoint_none: 'VARCHAR'`;
  return `read_ndjson(${paths}, columns={${wanted}}, auto_detect=false, ${options})`;
}

const jsonCompression = { none: "uncompressed", gzip: "gzip", zstd: "zstd" };

function csvSource(input: Extract<StagedInput, { kind: "csv" }>, paths: string): string {
  const columns = input.columns.map((column) => `${sqlName(column.source)}: 'VARCHAR'`).join(", ");
  // DuckDB's buffer is 16 lines of the longest kind: the limit is raised only for files that need it.
  const long = input.hasLongRecords ? ", max_line_size=17825792, buffer_size=35651584" : "";
  // Left to itself it takes the first CR for a line end, be it in quotes.
  const newLine = input.isCopy ? `, new_line='\\n'` : "";
  return `read_csv(${paths}, columns={${columns}}, auto_detect=false, header=${input.header}, delim=${sqlText(input.delimiter)},
    quote='"', escape='"', nullstr='', allow_quoted_nulls=false, strict_mode=true, null_padding=false, ignore_errors=false,
    parallel=false, hive_partitioning=false, compression=${sqlText(input.compression)}${newLine}${long})`;
}

// Staged inputs as one SQL relation: every input's columns under the table's names, with the table's types.
import { sqlList, sqlName, sqlText } from "../sql/quote.ts";
import { checkedCast, checkedJsonCast, jsonPointer } from "./checked-cast.ts";
import { parseType } from "./duckdb-type.ts";
import { type Column, covers } from "./merge-columns.ts";
import type { InputColumn, StagedInput } from "./stage-input.ts";

/** A column to write. `isTrusted`: its values are our own and fit the type without a check. */
export type Target = Column & { isTrusted: boolean };

/**
 * `select` yields the targets' columns, and, when `isChecked`, `__onpoint_reason`: NULL, or `BAD_CAST:<column>` for the
 * first column of the row whose value is not exactly one of the type. Rows come in the order of the inputs.
 */
export type Relation = { select: string; isChecked: boolean };

export const reasonColumn = "__onpoint_reason";

/** Puts staged inputs together. There must be at least one input and one target. */
export function relationOf(inputs: readonly StagedInput[], targets: readonly Target[]): Relation {
  const parts = groupsOf(inputs).map((group) => partOf(group, targets));
  const isChecked = parts.some((part) => part.reasons.length > 0);
  const selects = parts.map(({ values, reasons, from }) => {
    const reason = reasons.length === 0 ? "CAST(NULL AS VARCHAR)" : `CASE ${reasons.join(" ")} END`;
    return `SELECT ${[...values, ...(isChecked ? [`${reason} AS ${reasonColumn}`] : [])].join(", ")} FROM ${from}`;
  });
  return { select: selects.join("\nUNION ALL\n"), isChecked };
}

type Part = { values: string[]; reasons: string[]; from: string };

function partOf(group: StagedInput[], targets: readonly Target[]): Part {
  const [input] = group as [StagedInput];
  const values: string[] = [];
  const reasons: string[] = [];
  const reads = new Map<InputColumn, string>();
  for (const target of targets) {
    const name = sqlName(target.name);
    const column = input.columns.find(
      (each) => each.name.toLowerCase() === target.name.toLowerCase(),
    );
    if (!column) {
      values.push(`CAST(NULL AS ${target.type}) AS ${name}`);
      continue;
    }
    const read = readColumn(input, column, target);
    reads.set(column, read.readAs);
    values.push(`${read.value} AS ${name}`);
    if (read.bad !== null)
      reasons.push(`WHEN ${read.bad} THEN ${sqlText(`BAD_CAST:${target.name}`)}`);
  }
  return { values, reasons, from: sourceOf(group, reads) };
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
  const options = `maximum_object_size=16777216, ignore_errors=false, hive_partitioning=false, compression=${sqlText(jsonCompression[input.compression])}`;
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
  return `read_csv(${paths}, columns={${columns}}, auto_detect=false, header=${input.header}, delim=${sqlText(input.delimiter)},
    quote='"', escape='"', nullstr='', allow_quoted_nulls=false, strict_mode=true, null_padding=false, ignore_errors=false,
    parallel=false, hive_partitioning=false, compression=${sqlText(input.compression)}${long})`;
}

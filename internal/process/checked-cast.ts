// Casts that say when they lose something: DuckDB's own rounds `1.7` to 2, cuts the time off a date, drops offsets.
import { sqlText } from "../sql/quote.ts";
import { type DuckType, parseType } from "./duckdb-type.ts";

/** `value`: SQL of the cast. `bad`: SQL, true where the text is there and is not exactly a value of the type. */
export type Cast = { value: string; bad: string };

/**
 * Cast of `text` (SQL of a VARCHAR) to a scalar type. Integers and decimals must keep all their digits, integers also as
 * DOUBLE; a date must have no time of day; a TIMESTAMP with an offset is converted to UTC.
 */
export function checkedCast(text: string, type: string): Cast {
  if (type === "VARCHAR") return { value: text, bad: "false" };
  const value =
    type === "TIMESTAMP"
      ? `(TRY_CAST(${text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC')`
      : `TRY_CAST(${text} AS ${type})`;
  const lost = lossOf(text, value, type);
  const bad = `${text} IS NOT NULL AND (${value} IS NULL${lost === null ? "" : ` OR ${lost}`})`;
  return { value, bad: `coalesce(${bad}, false)` };
}

function lossOf(text: string, value: string, type: string): string | null {
  const differs = (as: string) =>
    `TRY_CAST(${text} AS ${as}) IS DISTINCT FROM TRY_CAST(${value} AS ${as})`;
  // Text of the usual form is known to be exact; the comparison costs a hundred times the cast. It sees `places` behind the
  // point: a value with more of them is not exact.
  const unless = (usual: string, places: number) =>
    `CASE WHEN regexp_full_match(${text}, ${sqlText(usual)}) THEN false
      WHEN ${placesOf(text)} > ${places} THEN true ELSE ${differs(`DECIMAL(38,${places})`)} END`;
  const decimal = /^DECIMAL\((\d+),(\d+)\)$/.exec(type);
  if (decimal) {
    const scale = Number(decimal[2]);
    const whole = Number(decimal[1]) - scale;
    const fraction = scale === 0 ? "([.]0*)?" : `([.][0-9]{0,${scale}}0*)?`;
    return unless(`-?[0-9]+${fraction}`, Math.min(scale + 9, 38 - whole));
  }
  if (/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(type)) {
    return unless("-?[0-9]+([.]0*)?", 9);
  }
  if (type === "DATE") return differs("TIMESTAMP");
  if (type === "DOUBLE" || type === "FLOAT") {
    const isInteger = `regexp_full_match(${text}, '-?[0-9]{1,38}')`;
    const isInfinite = `(isinf(${value}) AND NOT regexp_matches(${text}, 'inf', 'i'))`;
    return `${isInfinite} OR (${isInteger} AND ${differs("HUGEINT")})`;
  }
  return null;
}

/** Places behind the point that the number in `text` (SQL) may need: of its fraction, and of a negative exponent. */
const placesOf = (text: string) =>
  `(len(regexp_extract(${text}, '[.]([0-9]*)', 1)) + coalesce(TRY_CAST(nullif(regexp_extract(${text}, '[eE]-([0-9]{1,9})', 1), '') AS INTEGER), 0))`;

/** Cast of `json` (SQL of a JSON value) to a nested type: DuckDB's would make NULL of any part that does not fit. */
export function checkedJsonCast(json: string, type: string): Cast {
  return {
    value: `TRY_CAST(${json} AS ${type})`,
    bad: `coalesce(${json} IS NOT NULL AND ${partIsBad(json, parseType(type), 0)}, false)`,
  };
}

function partIsBad(json: string, type: DuckType, depth: number): string {
  if (type.kind === "scalar")
    return checkedCast(`json_extract_string(${json}, '$')`, type.name).bad;
  if (type.kind === "list") {
    const item = `x${depth}`;
    const bad = `len(list_filter(json_extract(${json}, '$[*]'), lambda ${item}: ${partIsBad(item, type.item, depth + 1)})) > 0`;
    return `CASE coalesce(json_type(${json}), 'NULL') WHEN 'ARRAY' THEN ${bad} WHEN 'NULL' THEN false ELSE true END`;
  }
  const names = type.fields.map((field) => sqlText(field.name)).join(", ");
  const parts = [
    `len(list_filter(json_keys(${json}), lambda k${depth}: k${depth} NOT IN (${names}))) > 0`,
    ...type.fields.map((field) => {
      const part = `json_extract(${json}, ${sqlText(jsonPointer(field.name))})`;
      return `coalesce(${partIsBad(part, field.type, depth + 1)}, false)`;
    }),
  ];
  return `CASE coalesce(json_type(${json}), 'NULL') WHEN 'OBJECT' THEN ${parts.join(" OR ")} WHEN 'NULL' THEN false ELSE true END`;
}

/** Pointer to a member (RFC 6901 section 3), which DuckDB takes as a path; unlike JSONPath it needs no quoting. */
export function jsonPointer(key: string): string {
  return `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

// What must hold between values of the file, and between the file and the disk. Works on a file whose shape may be wrong, so
// that all problems are found in one go; says nothing where the shape is already at fault.
import { readdirSync } from "node:fs";
import { describeError } from "../std/errors.ts";
import { nearestName } from "../std/nearest-name.ts";
import { apiProblems } from "./api-checks.ts";
import { durationMs } from "./duration.ts";
import { localPath } from "./file-url.ts";
import { at } from "./problem-at.ts";
import type { Problem } from "./problems.ts";
import { describePath } from "./shape-problems.ts";
import { entriesOf, listOf, textOf, valueAt } from "./value-at.ts";
import type { Path, YamlDocument } from "./yaml-document.ts";

const maxHeldBytes = 1024 * 1024 * 1024;

/** `folder`: of the pipeline file. `checkFiles`: look at the disk too. */
export function crossProblems(
  document: YamlDocument,
  folder: string,
  checkFiles: boolean,
): Problem[] {
  return [
    ...sourceProblems(document),
    ...tableProblems(document),
    ...sensorProblems(document),
    ...(checkFiles ? modelProblems(document, folder) : []),
  ];
}

function sourceProblems(document: YamlDocument): Problem[] {
  const seen = new Map<string, number>();
  return listOf(valueAt(document.value, ["sources"])).flatMap((source, i) => {
    const path = ["sources", i];
    const name = textOf(source, "name");
    const first = name === null ? undefined : seen.get(name);
    if (name !== null && first === undefined) seen.set(name, i);
    const line = document.place(["sources", first ?? 0, "name"])?.at.line ?? 1;
    const twice =
      first === undefined
        ? []
        : at(
            document,
            [...path, "name"],
            `${describePath([...path, "name"])}: another source is called "${shown(document, [...path, "name"])}", on line ${line}`,
            "Give each source a name of its own",
          );
    return [
      ...twice,
      ...authProblems(document, path, source),
      ...rateProblems(document, path, source),
      ...recrawlProblems(document, path, source),
      ...pageTableProblems(document, path, source),
      ...apiProblems(document, path, source),
      ...limitProblems(document, path, source),
    ];
  });
}

function authProblems(document: YamlDocument, path: Path, source: unknown): Problem[] {
  const auth = valueAt(source, ["auth"]);
  const isMapping = typeof auth === "object" && auth !== null && !Array.isArray(auth);
  const keys = Object.keys(isMapping ? auth : {});
  if (!isMapping || keys.length === 1) return [];
  const what = `${describePath([...path, "auth"])}: expected one way to authenticate, has ${keys.join(", ") || "none"}`;
  return at(
    document,
    [...path, "auth"],
    what,
    "Keep one of bearer, basic, header, query, oauth2, aws, sign",
  );
}

function recrawlProblems(document: YamlDocument, path: Path, source: unknown): Problem[] {
  const recrawl = valueAt(source, ["recrawl"]);
  const minMs = durationMs(textOf(recrawl, "min") ?? "1h");
  const maxMs = durationMs(textOf(recrawl, "max") ?? "14d");
  if (minMs === null || maxMs === null || minMs <= maxMs) return [];
  const where = [...path, "recrawl"];
  const what = `${describePath(where)}: min is longer than max (1h and 14d when absent)`;
  return at(document, where, what, "Raise max or lower min");
}

/** Only answers of APIs are ever streamed. */
function limitProblems(document: YamlDocument, path: Path, source: unknown): Problem[] {
  const maxBytes = valueAt(source, ["limits", "maxBytes"]);
  if (textOf(source, "kind") === "api" || typeof maxBytes !== "number") return [];
  if (maxBytes <= maxHeldBytes) return [];
  const where = [...path, "limits", "maxBytes"];
  const what = `${describePath(where)} is more than 1 GiB, and pages are held in memory`;
  return at(document, where, what, `Write at most ${maxHeldBytes}`);
}

function rateProblems(document: YamlDocument, path: Path, source: unknown): Problem[] {
  const rate = valueAt(source, ["rate"]);
  const backoff = textOf(rate, "backoff") ?? "1s";
  const maxBackoff = textOf(rate, "maxBackoff") ?? "5m";
  const backoffMs = durationMs(backoff);
  const maxBackoffMs = durationMs(maxBackoff);
  if (backoffMs === null || maxBackoffMs === null || backoffMs <= maxBackoffMs) return [];
  const where = [...path, "rate"];
  const what = `${describePath(where)}: backoff is longer than maxBackoff (5m when absent)`;
  return at(document, where, what, "Raise maxBackoff or lower backoff");
}

function pageTableProblems(document: YamlDocument, path: Path, source: unknown): Problem[] {
  const pages = textOf(source, "pages");
  return listOf(valueAt(source, ["extract"])).flatMap((extract, i) => {
    if (pages === null || textOf(extract, "table") !== pages) return [];
    const where = [...path, "extract", i, "table"];
    const what = `${describePath(where)}: "${shown(document, where)}" is the table of this source's pages too`;
    return at(document, where, what, "Use another table");
  });
}

/** Tables that sources write, as far as they can be read. */
export function sourceTables(value: unknown): string[] {
  const tables = listOf(valueAt(value, ["sources"])).flatMap((source) => [
    textOf(source, "table"),
    textOf(source, "pages"),
    ...listOf(valueAt(source, ["extract"])).map((extract) => textOf(extract, "table")),
  ]);
  return [...new Set(tables.filter((table) => table !== null))];
}

/** Every source says which tables it writes; else a table that no source writes is only a consequence. */
function areTablesKnown(document: YamlDocument): boolean {
  const sources = listOf(valueAt(document.value, ["sources"]));
  return sources.every((source, i) => {
    const kind = textOf(source, "kind");
    if (kind === "web") return true;
    const place = document.place(["sources", i, "table"]);
    return place !== undefined && !place.isBroken;
  });
}

function tableProblems(document: YamlDocument): Problem[] {
  const written = sourceTables(document.value);
  const isKnown = areTablesKnown(document);
  return entriesOf(valueAt(document.value, ["tables"])).flatMap(([name, table]) => {
    const path = ["tables", name];
    const place = document.place(path);
    if (isKnown && written.length > 0 && !written.includes(name) && place) {
      const nearest = nearestName(name, written);
      const fix = nearest ? `Did you mean ${nearest}?` : `Tables of sources: ${written.join(", ")}`;
      return [{ ...place.keyAt, what: `${describePath(path)}: no source writes this table`, fix }];
    }
    return [
      ...partitionProblems(document, path, table),
      ...aliasProblems(document, [...path, "columns"], valueAt(table, ["columns"])),
      ...boundProblems(document, [...path, "checks"], valueAt(table, ["checks"])),
    ];
  });
}

/** An old name belongs to one column. Names are compared without case, as columns are. */
function aliasProblems(document: YamlDocument, path: Path, columns: unknown): Problem[] {
  const declared = entriesOf(columns);
  const names = new Set(declared.map(([name]) => name.toLowerCase()));
  const owners = new Map<string, string>();
  return declared.flatMap(([name, column]) =>
    listOf(valueAt(column, ["aliases"])).flatMap((alias, i) => {
      if (typeof alias !== "string") return [];
      const key = alias.toLowerCase();
      const where = [...path, name, "aliases", i];
      const is = `${describePath(where)}: "${shown(document, where)}" is`;
      if (names.has(key))
        return at(document, where, `${is} a column of its own`, "Remove it, or the column");
      const owner = owners.get(key);
      if (owner !== undefined)
        return at(document, where, `${is} an old name of ${owner} too`, "Remove one");
      owners.set(key, name);
      return [];
    }),
  );
}

/** A check without a bound passes whatever comes, one whose bounds are crossed never. */
function boundProblems(document: YamlDocument, path: Path, checks: unknown): Problem[] {
  return listOf(checks).flatMap((check, i) => {
    const kind = textOf(check, "kind");
    if (kind !== "rows" && kind !== "range") return [];
    const where = [...path, i];
    const [min, max] = [valueAt(check, ["min"]), valueAt(check, ["max"])];
    if (min === undefined && max === undefined)
      return at(
        document,
        where,
        `${describePath(where)}: ${kind} has no bound`,
        "Give min, max or both",
      );
    if (typeof min !== "number" || typeof max !== "number" || min <= max) return [];
    const what = `${describePath(where)}: min ${min} is greater than max ${max}`;
    return at(document, where, what, "Swap or correct them");
  });
}

function partitionProblems(document: YamlDocument, path: Path, table: unknown): Problem[] {
  const seen = new Set<string>();
  return listOf(valueAt(table, ["partitionBy"])).flatMap((item, i) => {
    const where = [...path, "partitionBy", i];
    if (typeof item !== "string" && (typeof item !== "object" || item === null)) return [];
    const names = typeof item === "string" ? [item] : Object.keys(item);
    const [name = ""] = names;
    const fix = 'For example partitionBy: [dt, { day: "cast(ts as date)" }]';
    if (names.length !== 1) {
      const what = `${describePath(where)}: expected one partition column, has ${names.length}`;
      return at(document, where, what, fix);
    }
    if (seen.has(name.toLowerCase())) {
      return at(document, where, `${describePath(where)}: "${name}" is there twice`, "Remove one");
    }
    seen.add(name.toLowerCase());
    return [];
  });
}

function sensorProblems(document: YamlDocument): Problem[] {
  return listOf(valueAt(document.value, ["waitFor"])).flatMap((sensor, i) => {
    const keys = entriesOf(sensor).flatMap(([key]) => (key === "timeout" ? [] : [key]));
    const known = keys.filter((key) => ["url", "file", "s3"].includes(key));
    if (known.length === 1 || known.length !== keys.length) return [];
    const path = ["waitFor", i];
    const what = `${describePath(path)}: expected one thing to wait for, has ${known.join(", ") || "none"}`;
    return at(
      document,
      path,
      what,
      "Write { s3: s3://BUCKET/KEY, timeout: 2h } or { file: ./PATH }",
    );
  });
}

function modelProblems(document: YamlDocument, folder: string): Problem[] {
  const path = ["etl", "models"];
  const models = textOf(valueAt(document.value, ["etl"]), "models");
  if (!models || models.startsWith("s3:") || document.place(path)?.isBroken) return [];
  const name = `etl.models: "${shown(document, path)}"`;
  let files: string[];
  try {
    files = readdirSync(localPath(models, folder));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const fix = "Make the folder and put one *.sql file a model into it, or remove etl";
    if (code === "ENOENT") return at(document, path, `${name}: there is no such folder`, fix);
    if (code === "ENOTDIR") return at(document, path, `${name} is not a folder`, fix);
    return at(
      document,
      path,
      `${name} cannot be read: ${describeError(error)}`,
      "Make it readable",
    );
  }
  const names = files.flatMap((file) => (file.endsWith(".sql") ? [file.slice(0, -4)] : []));
  if (names.length === 0) {
    return at(
      document,
      path,
      `${name} has no *.sql file`,
      "Put one file a model into it, or remove etl",
    );
  }
  return sourceTables(document.value)
    .filter((table) => names.includes(table))
    .flatMap((table) =>
      at(
        document,
        path,
        `${name}: the model ${table}.sql has the name of a table that a source writes`,
        "Rename the model or the source's table",
      ),
    );
}

function shown(document: YamlDocument, path: Path): string {
  return document.place(path)?.shown ?? "";
}

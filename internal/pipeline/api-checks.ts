// What must hold between the values of an API source.
import { keyColumn, placeholdersOf } from "../paging/child-requests.ts";
import { nearestName } from "../std/nearest-name.ts";
import { at } from "./problem-at.ts";
import type { Problem } from "./problems.ts";
import { describePath } from "./shape-problems.ts";
import { listOf, textOf, valueAt } from "./value-at.ts";
import type { Path, YamlDocument } from "./yaml-document.ts";

type Complain = (keys: string[], what: string, fix: string) => Problem[];

/** Problems of one source; none when it is of another kind, or where its shape is at fault. */
export function apiProblems(document: YamlDocument, path: Path, source: unknown): Problem[] {
  if (textOf(source, "kind") !== "api") return [];
  const problem = (keys: string[], what: string, fix: string) =>
    at(document, [...path, ...keys], `${describePath([...path, ...keys])} ${what}`, fix);
  const has = (...keys: string[]) => valueAt(source, keys) !== undefined;
  const isPost = textOf(source, "method") === "POST";
  const problems: Problem[] = [];
  if (has("body") && !isPost && !has("graphql"))
    problems.push(...problem(["body"], "is given without method: POST", "Add method: POST"));
  for (const key of has("graphql") ? ["method", "body", "pagination"] : [])
    if (has(key)) problems.push(...problem([key], "is given beside graphql", `Remove ${key}`));
  if (!has("url") && !has("each")) {
    const what = `${describePath(path)} has no key "url"`;
    problems.push(...at(document, path, what, "Add url: https://HOST/PATH"));
  }
  if (has("url") && has("each"))
    problems.push(...problem(["url"], "is given beside each", "Remove url"));
  if (textOf(valueAt(source, ["incremental"]), "in") === "body" && !isPost && !has("graphql"))
    problems.push(
      ...problem(["incremental", "in"], "is body, but nothing is POSTed", "Add method: POST"),
    );
  if (textOf(valueAt(source, ["incremental"]), "in") === "query" && has("graphql"))
    problems.push(
      ...problem(["incremental", "in"], "is query, but graphql takes variables", "Remove in"),
    );
  if (has("incremental") && has("each"))
    problems.push(...problem(["incremental"], "is given beside each", "Remove incremental"));
  problems.push(
    ...recordsProblems(document, path, problem, source),
    ...formatProblems(problem, has, source),
  );
  problems.push(...eachProblems(document, problem, source));
  return [...problems, ...pagingProblems(problem, has, source, isPost)];
}

const isOfLines = (source: unknown) => /^(ndjson|csv|tsv)$/.test(textOf(source, "format") ?? "");

/** Lines have no path; one of elements is for XML, and a JSONPath for JSON. */
function recordsProblems(
  document: YamlDocument,
  path: Path,
  problem: Complain,
  source: unknown,
): Problem[] {
  const isXml = textOf(source, "format") === "xml";
  const example = isXml ? "/catalog/book" : "$.data[*]";
  if (valueAt(source, ["records"]) === undefined) {
    if (isOfLines(source)) return [];
    const what = `${describePath(path)} has no key "records"`;
    return at(document, path, what, `Add records: ${example}`);
  }
  const isElements = textOf(source, "records")?.startsWith("/");
  if (isElements === false && valueAt(source, ["namespaces"]) !== undefined) {
    const what = "is given, but records is no path of XML elements";
    return problem(["namespaces"], what, "Remove namespaces, or write records: /catalog/book");
  }
  const fix = `Write records: ${example}`;
  if (isXml && isElements === false)
    return problem(["records"], "is a JSONPath, but the format is xml", fix);
  if (textOf(source, "format") === "json" && isElements)
    return problem(["records"], "is a path of XML elements, but the format is json", fix);
  return [];
}

/** In answers of lines, and of XML, there is nothing but records. */
function formatProblems(
  problem: Complain,
  has: (...keys: string[]) => boolean,
  source: unknown,
): Problem[] {
  const format = textOf(source, "format");
  const isXml = format === "xml" || (textOf(source, "records") ?? "").startsWith("/");
  if (!isOfLines(source) && !isXml) return [];
  const what = isXml
    ? "is given, but of an XML answer only the records are read"
    : `is given, but a ${format} answer has nothing beside its records`;
  const inDocument = ["failWhen", "envelope", "graphql", ...(isXml ? [] : ["records"])].map(
    (key) => [key],
  );
  const inPaging = ["next", "total", "totalPages", "more"].map((key) => ["pagination", key]);
  return [...inDocument, ...inPaging]
    .filter((keys) => has(...keys))
    .flatMap((keys) =>
      problem(keys, what, isXml ? `Remove ${keys.at(-1)}` : `Remove ${keys.at(-1)}, or the format`),
    );
}

/** A parent that is no API source, a child of its own descendants, or a URL that is the same for all records. */
function eachProblems(document: YamlDocument, problem: Complain, source: unknown): Problem[] {
  const from = textOf(valueAt(source, ["each"]), "from");
  const url = textOf(valueAt(source, ["each"]), "url");
  if (from === null || url === null) return [];
  const sources = listOf(valueAt(document.value, ["sources"]));
  const named = (name: string | null) => sources.find((other) => textOf(other, "name") === name);
  const names = sources
    .filter((other) => textOf(other, "kind") === "api" && other !== source)
    .flatMap((other) => textOf(other, "name") ?? []);
  if (!names.includes(from)) {
    const near = nearestName(from, names);
    const fix = near ? `Did you mean ${near}?` : `API sources: ${names.join(", ") || "none"}`;
    return problem(["each", "from"], "names no other API source", fix);
  }
  const fields = placeholdersOf(url);
  if (fields.length === 0)
    return problem(["each", "url"], "has no {field} of a record", "Write .../{id}/...");
  if (/^https?:\/\/[^/?]*\{/i.test(url))
    return problem(["each", "url"], "has a {field} in its host", "Write https://HOST/.../{id}");
  const inherited = new Set<string>();
  const passed = new Set<unknown>([source]);
  for (let at = named(from); at !== undefined; ) {
    if (passed.has(at)) return problem(["each", "from"], "leads back to itself", "Name a parent");
    passed.add(at);
    const each = valueAt(at, ["each"]);
    const parent = textOf(each, "from");
    const keys = listOf(valueAt(each, ["keys"])).filter((key) => typeof key === "string");
    const given = keys.length > 0 ? keys : placeholdersOf(textOf(each, "url") ?? "");
    for (const key of given) inherited.add(keyColumn(parent ?? "", key));
    at = parent === null ? undefined : named(parent);
  }
  const unknown =
    inherited.size > 0 ? fields.filter((f) => f.startsWith("_") && !inherited.has(f)) : [];
  return unknown.flatMap((field) =>
    problem(
      ["each", "url"],
      `has {${field}}, which ${from} does not carry`,
      `It carries ${[...inherited].join(", ")}`,
    ),
  );
}

function pagingProblems(
  problem: Complain,
  has: (...keys: string[]) => boolean,
  source: unknown,
  isPost: boolean,
): Problem[] {
  const paging = (key: string) => has("pagination", key);
  const at = (key: string, what: string, fix: string) => problem(["pagination", key], what, fix);
  const problems: Problem[] = [];
  if (paging("sizeParam") && !paging("size"))
    problems.push(...at("sizeParam", "is given without size", "Add size: 100"));
  if (paging("total") && paging("totalPages"))
    problems.push(...at("totalPages", "is given beside total", "Keep one of them"));
  if (textOf(valueAt(source, ["pagination"]), "in") === "body" && !isPost)
    problems.push(...at("in", "is body, but nothing is POSTed", "Add method: POST"));
  if (textOf(valueAt(source, ["pagination"]), "kind") !== "cursor") return problems;
  if (paging("next") && paging("nextHeader"))
    problems.push(...at("nextHeader", "is given beside next", "Keep one of them"));
  if (!paging("next") && !paging("nextHeader"))
    problems.push(...at("kind", "is cursor, without next", "Add next: $.meta.next, or nextHeader"));
  return problems;
}

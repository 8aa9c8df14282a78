// What must hold between the values of an API source.
import { at } from "./problem-at.ts";
import type { Problem } from "./problems.ts";
import { describePath } from "./shape-problems.ts";
import { textOf, valueAt } from "./value-at.ts";
import type { Path, YamlDocument } from "./yaml-document.ts";

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
  return [...problems, ...pagingProblems(problem, has, source, isPost)];
}

function pagingProblems(
  problem: (keys: string[], what: string, fix: string) => Problem[],
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

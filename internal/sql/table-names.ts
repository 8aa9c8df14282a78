// Which tables a query reads, from its syntax tree. The engine's own answer is no use here: it binds the query as well, and
// says "none" where that fails, as for every JOIN ... USING of tables that do not exist yet.

/** A node of what `json_serialize_sql` gives. */
type Tree = { [field: string]: unknown };

/**
 * Names of the tables in a serialized statement, each once, in order of appearance; names of common table expressions are
 * left out where they are in scope. Schema and catalog of a name are dropped.
 */
export function tableNamesIn(tree: unknown): string[] {
  const names = new Set<string>();
  walk(tree, new Set(), names);
  return [...names];
}

function walk(node: unknown, scope: ReadonlySet<string>, names: Set<string>): void {
  if (Array.isArray(node)) {
    for (const item of node) walk(item, scope, names);
    return;
  }
  if (typeof node !== "object" || node === null) return;
  const fields = node as Tree;
  const inner = withExpressions(fields.cte_map, scope, names);
  if (fields.type === "BASE_TABLE") addName(fields, inner, names);
  // The CTE of WITH RECURSIVE reads itself: its name is in scope there.
  const own = fields.type === "RECURSIVE_CTE_NODE" ? withName(inner, fields.cte_name) : inner;
  for (const [key, value] of Object.entries(fields)) {
    if (key !== "cte_map") walk(value, own, names);
  }
}

/** Walks the common table expressions of a query, each of which sees those before it; the scope behind them. */
function withExpressions(
  map: unknown,
  scope: ReadonlySet<string>,
  names: Set<string>,
): ReadonlySet<string> {
  const entries = (map as { map?: { key: string; value: unknown }[] } | undefined)?.map;
  let inner = scope;
  for (const { key, value } of entries ?? []) {
    walk(value, inner, names);
    inner = withName(inner, key);
  }
  return inner;
}

function withName(scope: ReadonlySet<string>, name: unknown): ReadonlySet<string> {
  return typeof name === "string" ? new Set([...scope, name.toLowerCase()]) : scope;
}

function addName(fields: Tree, scope: ReadonlySet<string>, names: Set<string>) {
  const name = fields.table_name;
  if (typeof name !== "string") return;
  const isQualified = Boolean(fields.schema_name) || Boolean(fields.catalog_name);
  if (isQualified || !scope.has(name.toLowerCase())) names.add(name);
}

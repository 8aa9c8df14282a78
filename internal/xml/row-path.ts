// Which elements of an XML document are rows: a path of names from the root.

/** `isDeep`: the first name may stand at any depth. `names`: of elements, `*` for any. */
export type RowPath = { isDeep: boolean; names: string[] };

/**
 * Reads `/catalog/book`, `//book`, `/atom:feed/atom:entry` or `/*` + `/*`. Null for anything else: this is no XPath.
 * A name has a prefix only where the source gives that prefix a namespace.
 */
export function parseRowPath(path: string): RowPath | null {
  const match = /^(\/\/?)([^/]+(?:\/[^/]+)*)$/.exec(path);
  if (match === null) return null;
  const names = (match[2] ?? "").split("/");
  const isName = (name: string) =>
    name === "*" || /^[^\s[\]()@*|=<>&:]+(:[^\s[\]()@*|=<>&:]+)?$/.test(name);
  return names.every(isName) ? { isDeep: match[1] === "//", names } : null;
}

/** Whether the path leads to the last of `open`, the names of an element and of all that it is in, from the root. */
export function isRow({ isDeep, names }: RowPath, open: readonly string[]): boolean {
  const first = open.length - names.length;
  if (first < 0 || (first > 0 && !isDeep)) return false;
  return names.every((name, i) => name === "*" || name === open[first + i]);
}

/** Prefixes by URI, of URIs by prefix. */
export function prefixesOf(namespaces: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(namespaces).map(([prefix, uri]) => [uri, prefix]));
}

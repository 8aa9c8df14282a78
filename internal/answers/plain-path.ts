// The JSONPaths that can be followed while a document comes: members from the top, and what is in the last of them.

/** Where the records are: members to follow from the top; `isEach`: the path ends in `[*]`. */
export type PlainPath = { names: string[]; isEach: boolean };

/** The parts of a JSONPath such as `$`, `$.a.b`, `$[*]`, `$['a b'][*]` and `$.a.b[*]`; null for any other. */
export function plainPath(path: string): PlainPath | null {
  const match = /^\$((?:\.[A-Za-z_]\w*|\['[^'\\]*'\]|\["[^"\\]*"\])*)(?:\[\*\]|(\.\*))?$/.exec(
    path,
  );
  if (match === null) return null;
  const names = [...(match[1] ?? "").matchAll(/\.(\w+)|\[['"]([^\]]*)['"]\]/g)];
  return {
    names: names.map(([, bare, quoted]) => bare ?? quoted ?? ""),
    isEach: /(\[\*\]|\.\*)$/.test(path),
  };
}

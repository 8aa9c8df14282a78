// The project's sources as its architecture test sees them: files and the imports they name.
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export type SourceImport = {
  /** Path in the checkout for a relative import, else the package's name (`@scope/name`, `node:fs`). */
  target: string;
  relative: boolean;
  /** Erased before it runs: `import type`. */
  typeOnly: boolean;
};
export type SourceFile = { path: string; text: string; imports: SourceImport[] };

export const checkout = join(import.meta.dirname, "../..");

const importing =
  /(?:^|[\n;])\s*(import|export)(\s+type)?\s+(?:[^"';]*?\s+from\s+)?["']([^"'\n]+)["']|\bimport\(\s*["']([^"'\n]+)["']\s*\)/g;

/** Reads all `.ts` files in the given top folders; comments are taken out of `text`. */
export function readSources(folders: string[]): SourceFile[] {
  const paths = globSync(
    folders.map((folder) => `${folder}/**/*.ts`),
    { cwd: checkout },
  );
  return paths
    .map((path) => path.replaceAll("\\", "/"))
    .sort()
    .map((path) => {
      const text = withoutComments(readFileSync(join(checkout, path), "utf8"));
      return { path, text, imports: importsOf(path, text) };
    });
}

/** The static and dynamic imports and re-exports in a source text at `path`. */
export function importsOf(path: string, text: string): SourceImport[] {
  return [...text.matchAll(importing)].map((match) => {
    const specifier = match[3] ?? match[4] ?? "";
    const relative = specifier.startsWith(".");
    const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
    const target = relative ? normalize(join(dirname(path), specifier)) : name;
    return { target, relative, typeOnly: match[2] !== undefined };
  });
}

function withoutComments(text: string): string {
  return text
    .split("\n")
    .filter((line) => !/^\s*(\/\/|\/\*|\*)/.test(line))
    .join("\n");
}

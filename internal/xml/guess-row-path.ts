// Which elements are the rows of a document that nobody told about.
import { SaxesParser } from "saxes";
import type { RowPath } from "./row-path.ts";

type Seen = {
  name: string;
  depth: number;
  parent: Seen | null;
  children: Map<string, Seen>;
  /** Most of them in one parent. */
  most: number;
  /** Has attributes or children somewhere. */
  isNested: boolean;
};

const stopped = new Error("seen enough");

/**
 * The elements that repeat in one parent: of several kinds those nearest to the root, and of these the ones that have parts,
 * then the most frequent. Where none repeats, the root's children if all of them have parts, else the root. `head`: the
 * start of the document; it may be cut anywhere. Null when it has no element.
 */
export function guessRowPath(head: string): RowPath | null {
  const root = treeOf(head);
  if (root === null) return null;
  let best: Seen | null = null;
  for (const seen of allOf(root)) {
    if (seen.most > 1 && (best === null || isBetter(seen, best))) best = seen;
  }
  if (best !== null) return { isDeep: false, names: namesOf(best) };
  const children = [...root.children.values()];
  const haveParts = children.length > 0 && children.every((child) => child.isNested);
  return { isDeep: false, names: haveParts ? [root.name, "*"] : [root.name] };
}

function isBetter(a: Seen, b: Seen): boolean {
  if (a.depth !== b.depth) return a.depth < b.depth;
  return a.isNested === b.isNested ? a.most > b.most : a.isNested;
}

function treeOf(head: string): Seen | null {
  const parser = new SaxesParser({ xmlns: true });
  const open: { seen: Seen; counts: Map<string, number> }[] = [];
  let root: Seen | null = null;
  parser.on("error", () => {
    throw stopped;
  });
  parser.on("opentag", ({ local, attributes }) => {
    const parent = open.at(-1);
    const seen = childOf(parent?.seen ?? null, local);
    root ??= seen;
    if (parent) {
      const count = (parent.counts.get(local) ?? 0) + 1;
      parent.counts.set(local, count);
      seen.most = Math.max(seen.most, count);
    }
    if (Object.keys(attributes).length > 0) seen.isNested = true;
    open.push({ seen, counts: new Map() });
  });
  parser.on("closetag", () => open.pop());
  try {
    parser.write(head);
  } catch (error) {
    if (error !== stopped) throw error;
  }
  return root;
}

function childOf(parent: Seen | null, name: string): Seen {
  const known = parent?.children.get(name);
  if (known) return known;
  const depth = (parent?.depth ?? 0) + 1;
  const seen = { name, depth, parent, children: new Map(), most: 0, isNested: false };
  parent?.children.set(name, seen);
  if (parent) parent.isNested = true;
  return seen;
}

function* allOf(seen: Seen): Generator<Seen> {
  yield seen;
  for (const child of seen.children.values()) yield* allOf(child);
}

function namesOf(seen: Seen): string[] {
  return seen.parent === null ? [seen.name] : [...namesOf(seen.parent), seen.name];
}

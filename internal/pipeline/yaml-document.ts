// The pipeline file as a tree of plain values in which every value and key still knows its place in the file, and every
// scalar whether a variable was filled into it.
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLError,
} from "yaml";
import { interpolate, type Variables } from "./interpolate.ts";
import type { Position, Problem } from "./problems.ts";

export type Path = readonly (string | number)[];

/** What is known of the value at a path. */
export type Place = {
  at: Position;
  /** Where its key stands; where the value stands for items of lists. */
  keyAt: Position;
  /** A scalar's text for messages: variables by name. Null for lists and mappings. */
  shown: string | null;
  /** A scalar's text as it came, variables filled in. */
  source: string;
  isSecret: boolean;
  isVariable: boolean;
  /** A variable in it could not be filled in: what else is wrong with it has that cause. */
  isBroken: boolean;
};

export type YamlDocument = {
  /** Plain objects, arrays, strings, numbers, booleans and nulls; undefined when the file has a syntax error. */
  value: unknown;
  place(path: Path): Place | undefined;
  problems: Problem[];
};

/** Nodes that a document may come to with its aliases expanded: bounds what a few lines can blow up to. */
const maxNodes = 100_000;

/**
 * Parses one YAML 1.2 document (core schema) and fills in its variables. Never throws: syntax errors, duplicate keys,
 * unset variables and the like are in `problems`.
 */
export function readYaml(text: string, variables: Variables): YamlDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const position = (offset: number | undefined): Position => {
    const { line, col } = lines.linePos(offset ?? 0);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const problems: Problem[] = [];
  const places = new Map<string, Place>();
  const place = (path: Path): Place | undefined => places.get(JSON.stringify(path));
  const done = (value: unknown): YamlDocument => ({ value, place, problems });

  // What follows the first syntax error is mostly its consequence, so it alone is reported.
  const error = document.errors.find(({ code }) => code !== "DUPLICATE_KEY");
  if (error) {
    const start = text.startsWith("${", error.pos[0] - 1) ? error.pos[0] - 1 : error.pos[0];
    problems.push({ ...position(start), ...syntaxProblem(error, text.slice(start)) });
    return done(undefined);
  }
  if (document.contents === null) {
    const fix =
      "Start with `pipeline: NAME`, `sources:` and one source; `onpoint schema` lists all keys";
    problems.push({ line: 1, column: 1, what: "the file is empty", fix });
    return done(undefined);
  }
  for (const warning of document.warnings) {
    const what = `YAML: ${lowerFirst(warning.message)}`;
    problems.push({
      ...position(warning.pos[0]),
      what,
      fix: "Remove it: tags have no meaning here",
    });
  }

  const unset = new Map<string, Position[]>();
  const open = new Set<Node>();
  let nodes = 0;

  function scalar(node: Scalar, path: Path, keyAt: Position): unknown {
    const at = position(node.range?.[0]);
    const isText = typeof node.value === "string";
    const filled = interpolate(isText ? String(node.value) : (node.source ?? ""), variables);
    for (const name of filled.unset) unset.set(name, [...(unset.get(name) ?? []), at]);
    for (const bad of filled.malformed) {
      const what = `"${bad}" is not a variable`;
      problems.push({
        ...at,
        what,
        fix: `Write \${NAME} or \${NAME:-default}; for a literal \${ write $\${`,
      });
    }
    places.set(JSON.stringify(path), {
      at,
      keyAt,
      shown: filled.shown,
      source: filled.value,
      isSecret: filled.isSecret,
      isVariable: filled.isVariable,
      isBroken: filled.unset.length + filled.malformed.length > 0,
    });
    return isText ? filled.value : node.value;
  }

  function mapping(pairs: readonly Pair[], path: Path): Record<string, unknown> {
    const firstLine = new Map<string, number>();
    const result: Record<string, unknown> = {};
    for (const pair of pairs) {
      const keyNode = pair.key as Node | null;
      const keyAt = position(keyNode?.range?.[0]);
      const key = isScalar(keyNode) ? (keyNode.source ?? String(keyNode.value)) : "";
      const bad = keyProblem(key, firstLine.get(key));
      if (bad) {
        problems.push({ ...keyAt, ...bad });
        continue;
      }
      firstLine.set(key, keyAt.line);
      result[key] = walk(pair.value as Node | null, [...path, key], keyAt);
    }
    return result;
  }

  function walk(given: Node | null, path: Path, keyAt: Position): unknown {
    const node = isAlias(given) ? given.resolve(document) : given;
    const at = given?.range ? position(given.range[0]) : keyAt;
    const container = { at, keyAt, shown: null, source: "", isSecret: false, isVariable: false };
    nodes += 1;
    if (isAlias(given) && (!node || open.has(node) || nodes > maxNodes)) {
      const why = node
        ? "cannot be expanded: it contains itself or too much"
        : "has no anchor above it";
      problems.push({
        ...at,
        what: `alias "*${given.source}" ${why}`,
        fix: "Write the value out here",
      });
      places.set(JSON.stringify(path), { ...container, isBroken: true });
      return null;
    }
    if (isScalar(node)) return scalar(node, path, keyAt);
    places.set(JSON.stringify(path), { ...container, isBroken: false });
    if (!node) return null;
    open.add(node);
    let value: unknown = null;
    if (isMap(node)) value = mapping(node.items as Pair[], path);
    else if (isSeq(node)) {
      value = node.items.map((item, i) => {
        const itemNode = item as Node | null;
        return walk(itemNode, [...path, i], position(itemNode?.range?.[0]));
      });
    }
    open.delete(node);
    return value;
  }

  const value = walk(document.contents, [], { line: 1, column: 1 });
  for (const [name, at] of unset) problems.push(unsetProblem(name, at));
  return done(value);
}

function unsetProblem(name: string, at: readonly Position[]): Problem {
  const [first, ...others] = at;
  const also = [...new Set(others.map(({ line }) => line))].filter((line) => line !== first?.line);
  const where = also.length > 0 ? ` (used on line ${also.join(", ")} too)` : "";
  return {
    line: first?.line ?? 1,
    column: first?.column ?? 1,
    what: `variable ${name} is not set${where}`,
    fix: `export ${name}=... or write \${${name}:-default} or put it into config/config.json`,
  };
}

function keyProblem(
  key: string,
  firstLine: number | undefined,
): { what: string; fix: string } | null {
  if (firstLine !== undefined) {
    const fix = "Remove one of the two";
    return { what: `key "${key}" is given twice, first on line ${firstLine}`, fix };
  }
  if (key.includes("${")) {
    const fix = "Write the key out: variables are filled into values only";
    return { what: `key "${key}" contains a variable`, fix };
  }
  if (key === "" || key === "__proto__") {
    return {
      what: key ? `key "${key}" cannot be used` : "a key is not text",
      fix: "Use a plain name",
    };
  }
  return null;
}

/** `rest`: the text from where the error is. */
function syntaxProblem(error: YAMLError, rest: string): { what: string; fix: string } {
  const variable = /^\$\{[^}]*\}?/.exec(rest)?.[0];
  if (variable) {
    const fix = `Quote it: "${variable}"; without quotes { opens a mapping`;
    return { what: `YAML: ${variable} inside { } or [ ] is not quoted`, fix };
  }
  if (error.code === "MULTIPLE_DOCS") {
    const fix = "Put each pipeline into a file of its own";
    return { what: "the file holds several YAML documents", fix };
  }
  if (error.code === "TAB_AS_INDENT") {
    return { what: "YAML: a tab is used to indent", fix: "Indent with spaces" };
  }
  const fix = "Check the indentation, quotes and brackets here and on the line above";
  return { what: `YAML: ${lowerFirst(error.message)}`, fix };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

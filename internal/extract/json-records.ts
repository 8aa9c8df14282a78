// The records of an API answer or a JSON document, by JSONPath (RFC 9535).
import { JSONPathEnvironment, JSONPathError, type JSONPathQuery } from "json-p3";
import { rawNumberText } from "./json-exact.ts";

/** A compiled JSONPath. */
export type JsonPath = JSONPathQuery;
type JsonValue = Parameters<JSONPathQuery["query"]>[0];

// A number kept as text (JSON.rawJSON) is an object to JavaScript, and a leaf to a path.
class ExactNumbers extends JSONPathEnvironment {
  override entries(object: { [key: string]: JsonValue }): [string, JsonValue][] {
    return rawNumberText(object) === null ? super.entries(object) : [];
  }
}
const environment = new ExactNumbers({ maxRecursionDepth: 500 });

/** Compiles a JSONPath for use with many documents. Throws Error that names the character where the path is wrong. */
export function compilePath(path: string): JsonPath {
  try {
    return environment.compile(path);
  } catch (error) {
    if (!(error instanceof JSONPathError)) throw error;
    throw new Error(`JSONPath "${path}": ${error.message} at character ${error.token.index + 1}`, {
      cause: error,
    });
  }
}

/**
 * The values that `path` selects, in order; numbers kept by `parseJsonExact` stay as they are. A path that can select only
 * one value (`$`, `$.data`) and selects an array gives its elements, since an array is never a record. Throws Error for a
 * path that is wrong, or a document nested deeper than 500 under `..`.
 */
export function recordsOf(document: unknown, path: string | JsonPath): unknown[] {
  const query = typeof path === "string" ? compilePath(path) : path;
  const values: unknown[] = query.query(document as JsonValue).values();
  const [only] = values;
  return query.singularQuery() && Array.isArray(only) ? only : values;
}

/** The first value that `path` selects, or undefined. Throws as {@link recordsOf} does. */
function valueAt(document: unknown, path: string | JsonPath): unknown {
  const query = typeof path === "string" ? compilePath(path) : path;
  return query.match(document as JsonValue)?.value;
}

// Under this name it would hide the global one in this file.
export { valueAt as valueOf };

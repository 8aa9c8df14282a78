// An OpenAPI document of a local file, as plain values: JSON or YAML, bounded in size and in what its aliases blow up to.
import { readFile, stat } from "node:fs/promises";
import { parseDocument } from "yaml";
import { describeError, UsageError } from "../std/errors.ts";

export type Json = Record<string, unknown>;

/** Larger than the documents of the largest APIs. */
const maxSizeBytes = 16 * 1024 * 1024;
/** References to references in a row. */
const maxHops = 16;
const where = "--openapi";

/** Throws UsageError for a file that is not there, too large, neither JSON nor YAML, or no OpenAPI 3.0 or 3.1. */
export async function readOpenapi(file: string): Promise<Json> {
  const document = parsed(file, await textOf(file));
  const version = isJson(document) ? (document.openapi ?? document.swagger) : undefined;
  if (!isJson(document) || version === undefined)
    throw new UsageError(`"${file}" is no OpenAPI document`, where, "Give one that says openapi:");
  if (!/^3\.[01](\.|$)/.test(String(version)))
    throw new UsageError(
      `"${file}" is of OpenAPI ${String(version).slice(0, 20)}`,
      where,
      "Give one of OpenAPI 3.0 or 3.1; older ones can be converted",
    );
  return document;
}

async function textOf(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size <= maxSizeBytes) return await readFile(file, "utf8");
  } catch (error) {
    const what = `"${file}" cannot be read: ${describeError(error)}`;
    throw unusable(what, "Give the path of a file on this machine", error);
  }
  const what = `"${file}" is larger than ${maxSizeBytes / 1024 / 1024} MiB`;
  throw new UsageError(what, where, "Leave only the paths you need, or do without it");
}

function parsed(file: string, text: string): unknown {
  try {
    if (/^\s*\{/.test(text)) return JSON.parse(text);
    const document = parseDocument(text, { prettyErrors: true, logLevel: "silent" });
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS({ maxAliasCount: 1_000 });
  } catch (error) {
    const [line = ""] = describeError(error).split("\n");
    const what = `"${file}" is neither JSON nor YAML: ${line}`;
    throw unusable(what, "Mend the file there", error);
  }
}

function unusable(what: string, fix: string, cause: unknown): UsageError {
  return new UsageError(what, where, fix, { cause });
}

/**
 * The object that `value` is, or that its `$ref` leads to (RFC 6901 pointers into the same document; others are not followed).
 * Null: there is none, or the references go round in a circle.
 */
export function resolved(document: Json, value: unknown): Json | null {
  let current = value;
  for (let hops = 0; hops < maxHops; hops += 1) {
    if (!isJson(current)) return null;
    const { $ref } = current;
    if (typeof $ref !== "string") return current;
    if (!$ref.startsWith("#/")) return null;
    current = pointed(document, $ref.slice(2));
  }
  return null;
}

function pointed(document: Json, pointer: string): unknown {
  let current: unknown = document;
  for (const token of pointer.split("/")) {
    const name = unescaped(token);
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, name))
      return null;
    current = (current as Json)[name];
  }
  return current;
}

/** A fragment is percent-encoded, a token of a pointer escapes "/" and "~". */
function unescaped(token: string): string {
  const plain = token.replaceAll("~1", "/").replaceAll("~0", "~");
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
}

export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The items of a list, none of anything else. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

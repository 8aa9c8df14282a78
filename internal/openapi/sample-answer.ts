// An answer as an OpenAPI document describes it, made up from its schema: what guesses from answers say of it is what the
// document says. Schemas may contain themselves, so depth and size are bounded.
import { isJson, type Json, listOf, resolved } from "./read-openapi.ts";

const maxDepth = 8;
const maxValues = 20_000;
const keyName = /^(id|key|uuid|code|slug)$|(_id|Id|_key|uuid)$/;

/** `usesCursor`: requests have a parameter for a cursor, so "next" is one and no URL. */
type Making = { document: Json; usesCursor: boolean; left: number };

/**
 * The body and headers of a 200 in application/json. Lists have two items, and only fields that are keys by their name differ in
 * them. Null: the document does not describe it.
 */
export function sampleAnswer(
  document: Json,
  operation: Json,
  usesCursor: boolean,
): { headers: Record<string, string>; document: unknown } | null {
  const responses = isJson(operation.responses) ? operation.responses : {};
  const response = resolved(document, responses["200"] ?? responses["2XX"] ?? responses.default);
  if (response === null) return null;
  const content = isJson(response.content) ? response.content : {};
  const type = Object.keys(content).find((name) =>
    /^(application\/([\w.-]+\+)?json|\*\/\*)\b/i.test(name),
  );
  const media = type === undefined ? null : resolved(document, content[type]);
  const headers = Object.keys(isJson(response.headers) ? response.headers : {});
  const link = { link: '<https://api.invalid/next>; rel="next"' };
  const making = { document, usesCursor, left: maxValues };
  return {
    headers: headers.some((name) => name.toLowerCase() === "link") ? link : {},
    document: media === null ? null : made(making, media.schema, [], 1),
  };
}

/** `path`: names of properties from the outside in; `nth`: which item of a list it is in. */
function made(making: Making, given: unknown, path: readonly string[], nth: number): unknown {
  making.left -= 1;
  if (making.left < 0 || path.length > maxDepth) return null;
  const schema = resolved(making.document, given);
  if (schema === null) return null;
  const parts = listOf(schema.allOf).map((part) => made(making, part, path, nth));
  const [choice] = [...listOf(schema.oneOf), ...listOf(schema.anyOf)].filter(
    (each) => resolved(making.document, each)?.type !== "null",
  );
  if (choice !== undefined) parts.push(made(making, choice, path, nth));
  const own = ownValue(making, schema, path, nth);
  const objects = [...parts, own].filter(isJson);
  if (objects.length > 0) return Object.assign({}, ...objects);
  return own ?? parts.find((part) => part !== null) ?? null;
}

function ownValue(making: Making, schema: Json, path: readonly string[], nth: number): unknown {
  const name = path.at(-1) ?? "";
  const [type] = [schema.type].flat().filter((each) => each !== "null");
  if (type === "array" || schema.items !== undefined)
    return [1, 2].map((n) => made(making, schema.items, [...path, "[]"], n));
  if (type === "object" || isJson(schema.properties)) {
    const properties = Object.entries(isJson(schema.properties) ? schema.properties : {});
    return Object.fromEntries(
      properties.map(([key, value]) => [key, made(making, value, [...path, key], nth)]),
    );
  }
  // More than there are in a list, so that a total is one.
  if (type === "integer" || type === "number") return keyName.test(name) ? 1_000 + nth : 1_000;
  if (type === "boolean") return false;
  if (type !== "string") return null;
  return textOf(String(schema.format ?? ""), path, making.usesCursor, nth);
}

function textOf(format: string, path: readonly string[], usesCursor: boolean, nth: number): string {
  if (format === "date-time") return "2026-01-01T00:00:00Z";
  if (format === "date") return "2026-01-01";
  const name = path.at(-1) ?? "";
  const isNext = /next/i.test(path.join("."));
  const isUrl = /^(uri|url)/.test(format) || /ur[il]|href|link/i.test(path.join("."));
  if (isNext && (isUrl || (!usesCursor && /^next(_?page)?$/i.test(name))))
    return "https://api.invalid/next";
  return keyName.test(name) ? `text ${nth}` : "text";
}

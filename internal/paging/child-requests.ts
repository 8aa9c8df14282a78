// Child endpoints: for each record of a parent's answer the first request of a child source, with the keys of the parent that
// the child's rows carry. Pure.
import { rawNumberText } from "../extract/json-exact.ts";
import type { FrontierLink } from "../model/link.ts";
import type { ApiSource } from "../model/pipeline.ts";
import { firstRequest } from "./api-request.ts";

const placeholder = /\{([^{}]+)\}/g;

/** Names in a template such as `https://a.example/{id}/x?u={user.id}`, each once, in order. */
export function placeholdersOf(template: string): string[] {
  return [...new Set([...template.matchAll(placeholder)].map(([, name = ""]) => name))];
}

/** The column of a child's rows for a field of its parent; what the parent has from its own parent keeps its name. */
export function keyColumn(from: string, field: string): string {
  return field.startsWith("_") ? field : `_${from}_${field}`.replaceAll(".", "_");
}

/**
 * The links of one child for the records of a parent's page. `keys`: what the parent's own rows carry. A record that lacks a
 * value of the URL, or has one that no URL can carry (a mapping, a list, "", "." and ".."), has no link: `missed` counts them.
 */
export function childLinks(
  child: ApiSource,
  records: readonly unknown[],
  parent: Pick<FrontierLink, "url" | "keys">,
): { links: FrontierLink[]; missed: number } {
  const links: FrontierLink[] = [];
  const { each } = child;
  if (each === null) return { links, missed: 0 };
  let missed = 0;
  for (const record of records) {
    const row = parent.keys === undefined ? record : { ...Object(record), ...parent.keys };
    const valueFor = (field: string) => fieldOf(row, field);
    const url = filled(child.url, valueFor);
    if (url === null) {
      missed += 1;
      continue;
    }
    const keys = Object.fromEntries(
      each.keys.map((field) => [keyColumn(each.from, field), valueFor(field) ?? null]),
    );
    const first = firstRequest(child, url);
    const place = { depth: 0, priority: 0, page: 0, via: parent.url } as const;
    links.push({ ...first, source: child.name, kind: "api", ...place, keys });
  }
  return { links, missed };
}

function filled(template: string, valueFor: (field: string) => unknown): string | null {
  let isWhole = true;
  const url = template.replace(placeholder, (_, field: string) => {
    const text = plainText(valueFor(field));
    // WHATWG URL: a segment of one or two dots is resolved away, however it is escaped.
    if (text === null || /^\.{0,2}$/.test(text)) isWhole = false;
    return encodeURIComponent(text ?? "");
  });
  return isWhole ? url : null;
}

function plainText(value: unknown): string | null {
  // A lone surrogate has no percent-encoding.
  if (typeof value === "string") return value.isWellFormed() ? value : null;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return rawNumberText(value);
}

/** A field by its name, or by a dotted path. */
export function fieldOf(record: unknown, path: string): unknown {
  let value = record;
  for (const name of isOwn(record, path) ? [path] : path.split(".")) {
    if (!isOwn(value, name)) return undefined;
    value = Reflect.get(value, name);
  }
  return value;
}

function isOwn(value: unknown, name: string): value is object {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name);
}

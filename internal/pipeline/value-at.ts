// Reading and replacing values of a parsed file whose shape is not known to be right.
import type { Path } from "./yaml-document.ts";

/** The value at `path`, or undefined. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Object.hasOwn(value, step) ? Reflect.get(value, step) : undefined;
  }
  return value;
}

/** Replaces the value at `path`, whose parent must be there. */
export function replaceAt(root: unknown, path: Path, value: unknown): void {
  const parent = valueAt(root, path.slice(0, -1));
  const step = path.at(-1);
  if (typeof parent === "object" && parent !== null && step !== undefined) {
    Reflect.set(parent, step, value);
  }
}

/** `value` as a list; empty when it is none. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Keys and values of a mapping; empty when it is none. */
export function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value)
    : [];
}

/** The text under `key` of a mapping, or null. */
export function textOf(value: unknown, key: string): string | null {
  const text = valueAt(value, [key]);
  return typeof text === "string" ? text : null;
}

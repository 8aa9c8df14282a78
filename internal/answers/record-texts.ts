// Records of a JSON answer as they are written in it, for paths that need the whole document: filters, slices, `..`. What
// JSON.parse makes of a name that is given twice is a loss that nobody sees, so records are judged by their own text.
import { parseJsonExact } from "../extract/json-exact.ts";
import type { JsonPath } from "../extract/json-records.ts";
import { isSpace, valueEnd } from "../process/scan-value.ts";
import { describeError } from "../std/errors.ts";
import { AnswerFault } from "./split-json.ts";

/** Where values are in a document: by name or index, what is below it. `nth`: of the value here in what was selected. */
type Places = { below: Map<string | number, Places>; nth: number[] };

/**
 * The document, and the texts of what `path` selects from it, in order; an array that is the only thing it can select gives its
 * elements. `bytes`: UTF-8 without byte order mark. Throws {@link AnswerFault} when it is no JSON, or has a member twice that leads to
 * records; Error for a document nested deeper than 500 under `..`.
 */
export function recordTexts(bytes: Buffer, path: JsonPath): { document: unknown; texts: Buffer[] } {
  let document: unknown;
  try {
    document = parseJsonExact(bytes.toString("utf8"));
  } catch (error) {
    throw new AnswerFault(describeError(error), { reason: "MALFORMED_JSON", cause: error });
  }
  const texts: Buffer[] = [];
  gather(bytes, passSpace(bytes, 0), placesOf(document, path), texts);
  return { document, texts };
}

function placesOf(document: unknown, path: JsonPath): Places {
  const top: Places = { below: new Map(), nth: [] };
  const nodes = [...path.query(document as Parameters<JsonPath["query"]>[0])];
  const only = path.singularQuery() ? nodes[0] : undefined;
  const locations = Array.isArray(only?.value)
    ? only.value.map((_, i) => [...only.location, i])
    : nodes.map(({ location }) => location);
  for (const [nth, location] of locations.entries()) {
    let at = top;
    for (const step of location) {
      let next = at.below.get(step);
      if (next === undefined) {
        next = { below: new Map(), nth: [] };
        at.below.set(step, next);
      }
      at = next;
    }
    at.nth.push(nth);
  }
  return top;
}

/** One pass: a value, and the members and elements of it that something is in. */
function gather(bytes: Buffer, start: number, places: Places, texts: Buffer[]): void {
  if (places.nth.length > 0) {
    const text = bytes.subarray(start, valueEnd(bytes, start, true));
    for (const nth of places.nth) texts[nth] = text;
  }
  if (places.below.size === 0) return;
  const isList = bytes[start] === 0x5b;
  const seen = new Set<string>();
  let at = passSpace(bytes, start + 1);
  for (let i = 0; at < bytes.length && bytes[at] !== 0x5d && bytes[at] !== 0x7d; i += 1) {
    let step: string | number = i;
    if (!isList) {
      const end = valueEnd(bytes, at, true);
      step = JSON.parse(bytes.toString("utf8", at, end)) as string;
      at = passSpace(bytes, passSpace(bytes, end) + 1);
    }
    const below = places.below.get(step);
    if (below !== undefined && typeof step === "string") {
      if (seen.has(step))
        throw new AnswerFault(`"${step}" is given twice`, { reason: "DUPLICATE_KEY" });
      seen.add(step);
    }
    if (below !== undefined) gather(bytes, at, below, texts);
    at = passSpace(bytes, valueEnd(bytes, at, true));
    if (bytes[at] === 0x2c) at = passSpace(bytes, at + 1);
  }
}

function passSpace(bytes: Buffer, start: number): number {
  let at = start;
  while (isSpace(bytes[at])) at += 1;
  return at;
}

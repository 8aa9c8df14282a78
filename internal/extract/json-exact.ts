// JSON without the silent loss of JavaScript numbers: an id of 19 digits or an amount of 20 must reach the lake as the API
// wrote it.

// The library types of TypeScript do not know these parts of ECMAScript 2026 (JSON.parse source text access) yet.
type ExactJson = {
  rawJSON(text: string): object;
  isRawJSON(value: unknown): boolean;
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
};
const json = JSON as unknown as ExactJson;

// Sixteen digits, or an exponent of three: without one of them every number of the text fits a double.
const mayBeInexact = /[\d.]{16}|\d[eE][+-]?\d{3}/;

/**
 * JSON.parse, but a number that a double cannot hold as it is written (an integer beyond 2^53, more than 15 significant
 * digits, out of range) becomes a `JSON.rawJSON` object, which JSON.stringify writes back as it came. Throws SyntaxError.
 */
export function parseJsonExact(text: string): unknown {
  if (!mayBeInexact.test(text)) return JSON.parse(text);
  return json.parse(text, (_key, value, { source }) =>
    typeof value === "number" && source !== undefined && !isExact(value, source)
      ? json.rawJSON(source)
      : value,
  );
}

/** The text of a number that {@link parseJsonExact} kept as it was written; null for any other value. */
export function rawNumberText(value: unknown): string | null {
  return json.isRawJSON(value) ? JSON.stringify(value) : null;
}

function isExact(value: number, source: string): boolean {
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value);
  const digits = (source.split(/[eE]/, 1)[0] ?? "").replace(/[-.]/g, "").replace(/^0+/, "");
  if (digits === "") return true;
  // Outside this range doubles end, or have fewer than 15 digits (subnormal numbers).
  const size = Math.abs(value);
  return digits.length <= 15 && size >= 1e-300 && size <= 1e300;
}

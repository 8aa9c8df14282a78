// A first check of JSONPaths where they are written: quotes and brackets close, and the query starts at `$`.
import type { Check } from "./value-checks.ts";

/** Complains of a text that cannot be a JSONPath query (RFC 9535 section 2.1.1). */
export const checkJsonPath: Check = (text) => {
  const what = pathProblem(text);
  const fix = "Write a path such as $.data[*] or $.meta.next";
  return what === null ? null : { what: `is not a JSONPath (RFC 9535): ${what}`, fix };
};

const closers: Record<string, string> = { "[": "]", "(": ")" };

function pathProblem(text: string): string | null {
  if (!text.startsWith("$")) return "it does not start with $";
  if (/\s$/.test(text)) return "it ends with a space";
  const open: string[] = [];
  for (let i = 1; i < text.length; i += 1) {
    const letter = text.charAt(i);
    if (letter === "'" || letter === '"') {
      const end = quoteEnd(text, i);
      if (end < 0) return `the quote at character ${i + 1} is not closed`;
      i = end;
    } else if (closers[letter]) open.push(closers[letter]);
    else if (letter === "]" || letter === ")") {
      if (open.pop() !== letter) return `unexpected ${letter} at character ${i + 1}`;
    }
  }
  if (open.length > 0) return `a ${open.at(-1)} is missing at the end`;
  return /^\$\s*([.[]|$)/.test(text) && !/\.$/.test(text)
    ? null
    : "expected .name or [...] after $";
}

function quoteEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i += 1) {
    if (text[i] === "\\") i += 1;
    else if (text[i] === text[start]) return i;
  }
  return -1;
}

// Whitespace as a reader sees it.

/** The text with every run of white space (no-break spaces too) made one space, and none around it. Linear. */
export function foldSpace(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

// A report for a terminal or a pipe.
import type { Section } from "./report-sections.ts";
import { textTable } from "./text-table.ts";

/** Sections with an empty line between them. */
export function sectionsText(sections: readonly Section[]): string {
  return sections.map(sectionText).join("\n\n");
}

function sectionText({ title, columns, rows, empty }: Section): string {
  const head = title === "" ? "" : `${title}\n`;
  if (rows.length === 0) return `${head}  ${empty ?? "none"}`;
  const hasNames = columns.some(({ name }) => name !== "");
  const lines = textTable(columns, rows)
    .split("\n")
    .slice(hasNames ? 0 : 1);
  return head + lines.map((line) => (title === "" ? line : `  ${line}`)).join("\n");
}

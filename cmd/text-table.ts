// Tables for people: aligned columns, the same in a terminal and in a pipe.

/** `right`: numbers. */
export type TextColumn = { name: string; right?: boolean };

/** A header and a line a row, two spaces between columns; no spaces at the ends of lines. */
export function textTable(
  columns: readonly TextColumn[],
  rows: readonly (readonly string[])[],
): string {
  const cells = [columns.map(({ name }) => name), ...rows].map((row) => row.map(printable));
  const widths = columns.map((_, i) =>
    cells.reduce((width, row) => Math.max(width, lengthOf(row[i] ?? "")), 0),
  );
  return cells
    .map((row) =>
      columns
        .map(({ right }, i) => {
          const cell = row[i] ?? "";
          const space = " ".repeat((widths[i] ?? 0) - lengthOf(cell));
          return right ? space + cell : cell + space;
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** The text on one line: control characters (they could move the cursor) as `\n`, `\t`, `\u001b`. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    if (character === "\n") return "\\n";
    if (character === "\r") return "\\r";
    if (character === "\t") return "\\t";
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

function lengthOf(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}

// CSV as RFC 4180 has it, but with lines that end in LF, as tools on this side of the world write them.

/** One line a row. Null is an empty field, an empty text is `""`: a reader that cares can tell them apart. */
export function csvText(rows: readonly (readonly (string | null)[])[]): string {
  return rows.map((row) => row.map(field).join(",")).join("\n");
}

function field(text: string | null): string {
  if (text === null) return "";
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

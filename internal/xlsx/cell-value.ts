// What a cell of a workbook says: its stored text, read by its type and number format (ISO/IEC 29500-1, 18.3.1.4, 18.8.30).

/** What a number format makes of a number. */
export type NumberKind = "number" | "date" | "timestamp" | "time";

/** The built-in formats that show dates or times (18.8.30), those of East Asian locales too. */
const builtIn: Record<number, NumberKind> = {
  ...Object.fromEntries(
    [14, 15, 16, 17, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 55, 56, 57, 58].map((id) => [
      id,
      "date",
    ]),
  ),
  ...Object.fromEntries([18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47].map((id) => [id, "time"])),
  22: "timestamp",
};

/** The kind of a number format by its id, and its code where the workbook gives one. */
export function numberKind(id: number, code: string | undefined): NumberKind {
  if (code === undefined) return builtIn[id] ?? "number";
  // What stands in quotes, brackets (but elapsed time) or behind a backslash is shown as it is.
  const bare = code
    .toLowerCase()
    .replace(/"[^"]*"|\\.|[_*]./g, "")
    .replace(/\[(h+|m+|s+)\]/g, "$1")
    .replace(/\[[^\]]*\]/g, "")
    .split(";", 1)[0] as string;
  if (/general/.test(bare)) return "number";
  const hasTime = /[hs]/.test(bare);
  const hasDate = /[yd]/.test(bare) || (/m/.test(bare) && !hasTime);
  if (hasDate) return hasTime ? "timestamp" : "date";
  return hasTime ? "time" : "number";
}

/**
 * ISO 8601 of a serial date; `is1904`: days count from 1904, else from 1900, which Excel takes for a leap year. Null for
 * days that there are not.
 */
export function serialText(serial: number, kind: NumberKind, is1904: boolean): string | null {
  const days = Math.floor(serial);
  const atMs = Math.round((serial - days) * 86_400_000);
  if (!Number.isFinite(serial) || serial < 0) return null;
  if (kind === "time" && days === 0 && atMs < 86_400_000)
    return new Date(atMs).toISOString().slice(11, atMs % 1000 === 0 ? 19 : 23);
  if (!is1904 && days === 60) return null;
  const epochMs = is1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, days < 60 ? 31 : 30);
  const date = new Date(epochMs + days * 86_400_000 + atMs);
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999) return null;
  const iso = date.toISOString();
  if (kind === "date" && atMs === 0) return iso.slice(0, 10);
  return iso.slice(0, date.getUTCMilliseconds() === 0 ? 19 : 23);
}

/** Characters that XML cannot have stand as `_xHHHH_` (22.9.2.19). */
export const unescaped = (text: string) =>
  text.replace(/_x([\da-f]{4})_/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );

/** 0-based column of a reference such as `AB12`; -1 if it is none. */
export function columnOf(reference: string): number {
  const letters = /^[A-Z]{1,3}(?=\d)/.exec(reference)?.[0];
  if (letters === undefined) return -1;
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}

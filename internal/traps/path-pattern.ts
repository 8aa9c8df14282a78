// What pages of one kind have in common: their path with numbers, hashes and ids folded, and the names of their parameters.
// And whether a page is a day of a calendar: those go on for ever in both directions.

/** `pattern`: of the URL, with its host. `year`: the page is named by a date, of that year; null: it is not. */
export type PagePattern = { pattern: string; year: number | null };

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const hex = /^(?=.*\d)[0-9a-f]{8,}$/i;
/** A date that is a whole segment or value: 2026-05, 2026-05-31, 20260531, 2026-W07; also with `/` and `.`. */
const wholeDate =
  /^(\d{4})(?:([-/._])(?:0?[1-9]|1[0-2])(?:\2(?:0?[1-9]|[12]\d|3[01]))?|-?W[0-5]\d|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))$/i;
/** A path that ends in year/month or year/month/day. */
const datePath = /\/(\d{4})\/(?:0?[1-9]|1[0-2])(?:\/(?:0?[1-9]|[12]\d|3[01]))?$/;
const yearNames = new Set(["year", "y", "yr"]);
const monthNames = new Set(["month", "m", "mon", "week", "w", "day", "d"]);

/** Folds a canonical URL. Not for every link: a few us. */
export function pagePattern(url: string): PagePattern {
  const query = url.indexOf("?");
  const path = query < 0 ? url : url.slice(0, query);
  const pairs = query < 0 ? [] : url.slice(query + 1).split("&");
  const names = pairs.map((pair) => fold(pair.split("=", 1)[0] ?? "")).sort();
  const folded = path.split("/").map(fold).join("/");
  const pattern = names.length === 0 ? folded : `${folded}?${names.join("&")}`;
  return { pattern, year: yearOfPath(path) ?? yearOfQuery(pairs) };
}

function fold(segment: string): string {
  if (uuid.test(segment)) return "{uuid}";
  if (!/\d/.test(segment)) return segment;
  if (hex.test(segment) && !/^\d+$/.test(segment)) return "{hex}";
  return segment.replace(/\d+/g, "{n}");
}

function yearOfPath(path: string): number | null {
  const bare = path.replace(/\/(?:index\.\w+)?$/, "").replace(/\.[a-z]{2,5}$/i, "");
  const found = datePath.exec(bare) ?? wholeDate.exec(bare.slice(bare.lastIndexOf("/") + 1));
  return found === null ? null : Number(found[1]);
}

function yearOfQuery(pairs: readonly string[]): number | null {
  let year: number | null = null;
  let hasMonth = false;
  for (const pair of pairs) {
    const [name = "", value = ""] = pair.split("=", 2);
    const found = wholeDate.exec(value.replaceAll("%2F", "/"));
    if (found !== null) return Number(found[1]);
    if (yearNames.has(name.toLowerCase()) && /^\d{4}$/.test(value)) year = Number(value);
    else if (monthNames.has(name.toLowerCase()) && /^\d{1,2}$/.test(value)) hasMonth = true;
  }
  return hasMonth ? year : null;
}

// What pages of one kind have in common: their path with numbers, hashes and ids folded, and the names of their parameters.
// And whether a page is a day or month of a calendar: those go on for ever in both directions.

/** A date in a URL. `isSure`: it can hardly be anything else; `/topic/4567/12` can. */
export type PageDate = { year: number; isSure: boolean };

/** `pattern`: of the URL, with its host. `date`: what names the page; null: no date does. */
export type PagePattern = { pattern: string; date: PageDate | null };

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const hex = /^(?=.*\d)[0-9a-f]{8,}$/i;
/** A date that is a whole segment or value: 2026-05, 2026-05-31, 2026-W07; also with `/` and `.`. */
const wholeDate =
  /^(\d{4})(?:([-/._])(0?[1-9]|1[0-2])(\2(?:0?[1-9]|[12]\d|3[01]))?|-?(W[0-5]\d))$/i;
/** The same without anything between its parts: 20260531. As likely the number of an item. */
const compactDate = /^(\d{4})(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])$/;
/** A path that ends in year/month or year/month/day. */
const datePath = /\/(\d{4})\/(0?[1-9]|1[0-2])(\/(?:0?[1-9]|[12]\d|3[01]))?$/;
/** Words that stand in the URLs of calendars, English and otherwise. */
const calendarWord =
  /cal[ae]nd|kalend|agenda|event|schedul|archiv|(?:^|[^a-z])(?:date|days?|weeks?|months?|years?)(?:[^a-z]|$)/i;
const yearNames = new Set(["year", "y", "yr"]);
const monthNames = new Set(["month", "m", "mon", "week", "w", "day", "d"]);

/** Folds a canonical URL. Not for every link: it takes 2 us. */
export function pagePattern(url: string): PagePattern {
  const query = url.indexOf("?");
  const path = query < 0 ? url : url.slice(0, query);
  const pairs = query < 0 ? [] : url.slice(query + 1).split("&");
  const names = pairs.map((pair) => fold(pair.split("=", 1)[0] ?? "")).sort();
  const folded = path.split("/").map(fold).join("/");
  const pattern = names.length === 0 ? folded : `${folded}?${names.join("&")}`;
  return { pattern, date: dateOfPath(path) ?? dateOfQuery(pairs) };
}

function fold(segment: string): string {
  if (uuid.test(segment)) return "{uuid}";
  if (!/\d/.test(segment)) return segment;
  if (hex.test(segment) && !/^\d+$/.test(segment)) return "{hex}";
  return segment.replace(/\d+/g, "{n}");
}

function dateOfPath(path: string): PageDate | null {
  const bare = path.replace(/\/(?:index\.\w+)?$/, "").replace(/\.[a-z]{2,5}$/i, "");
  const context = bare.slice(bare.indexOf("/", bare.indexOf("//") + 2));
  const found = datePath.exec(bare);
  if (found === null) return dateOf(bare.slice(bare.lastIndexOf("/") + 1), context);
  return { year: Number(found[1]), isSure: isSure(found[2], found[3], context) };
}

function dateOfQuery(pairs: readonly string[]): PageDate | null {
  let year: number | null = null;
  let hasMonth = false;
  for (const pair of pairs) {
    const [name = "", value = ""] = pair.split("=", 2);
    const date = dateOf(value.replaceAll("%2F", "/"), name);
    if (date !== null) return date;
    if (yearNames.has(name.toLowerCase()) && /^\d{4}$/.test(value)) year = Number(value);
    else if (monthNames.has(name.toLowerCase()) && /^\d{1,2}$/.test(value)) hasMonth = true;
  }
  return hasMonth && year !== null ? { year, isSure: true } : null;
}

/** The date that a whole segment or value is; `context`: where it stands. */
function dateOf(text: string, context: string): PageDate | null {
  const found = wholeDate.exec(text);
  if (found !== null)
    return { year: Number(found[1]), isSure: isSure(found[3] ?? found[5], found[4], context) };
  const compact = compactDate.exec(text);
  if (compact === null || !calendarWord.test(context)) return null;
  return { year: Number(compact[1]), isSure: true };
}

/** A month of two digits, or a week, in the URL of a calendar; or a whole date anywhere. */
function isSure(month: string | undefined, day: string | undefined, context: string): boolean {
  return day !== undefined || ((month?.length ?? 0) > 1 && calendarWord.test(context));
}

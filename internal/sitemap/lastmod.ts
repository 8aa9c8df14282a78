// When a sitemap or feed says a page last changed. Often a lie, so nothing depends on it but the order and time of a recrawl.

/** W3C datetime of any precision (https://www.w3.org/TR/NOTE-datetime); the zone is often left out, and is UTC then. */
const w3c =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d\d:?\d\d)?)?)?)?$/i;
/** The dates of RSS: RFC 822 section 5, with years of four digits too. Without its zone it is no date. */
const rfc822 =
  /^(?:[a-z]{3,9},?\s+)?(\d{1,2})\s+([a-z]{3})[a-z]*\s+(\d{4}|\d\d)\s+(\d\d):(\d\d)(?::(\d\d))?\s+([a-z]{1,4}|[+-]\d{4})$/i;
const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
/** Hours from UTC of the zones that RFC 822 names. */
const zoneHours: Record<string, number> = {
  ut: 0,
  utc: 0,
  gmt: 0,
  z: 0,
  est: -5,
  edt: -4,
  cst: -6,
  cdt: -5,
  mst: -7,
  mdt: -6,
  pst: -8,
  pdt: -7,
};

/** Milliseconds since 1970, or null when the text is no date. A year or month alone is its first instant. */
export function lastmodMs(text: string): number | null {
  return text.length > 64 ? null : (w3cMs(text) ?? rfc822Ms(text));
}

function w3cMs(text: string): number | null {
  const found = w3c.exec(text);
  if (found === null) return null;
  const [, year, month = "01", day = "01", hour = "00", minute = "00", second = "00"] = found;
  const fraction = found[7] ?? "0";
  const atMs = instantMs([year, month, day, hour, minute, second].map(Number), zoneMs(found[8]));
  return atMs === null ? null : atMs + Math.floor(Number(`0.${fraction}`) * 1000);
}

function rfc822Ms(text: string): number | null {
  const found = rfc822.exec(text);
  if (found === null) return null;
  const [, day, name = "", year = "", hour, minute, second = "0", zone] = found;
  const month = months.indexOf(name.toLowerCase()) + 1;
  // Two digits: RFC 2822 section 4.3.
  const century = year.length === 4 ? 0 : Number(year) < 50 ? 2000 : 1900;
  const parts = [Number(year) + century, month, day, hour, minute, second].map(Number);
  return instantMs(parts, zoneMs(zone));
}

/** `zone`: NaN for one that is not known. */
function zoneMs(zone: string | undefined): number {
  if (zone === undefined) return 0;
  const offset = /^([+-])(\d\d):?(\d\d)$/.exec(zone);
  if (offset === null) return (zoneHours[zone.toLowerCase()] ?? Number.NaN) * 3_600_000;
  const sizeMs = Number(offset[2]) * 3_600_000 + Number(offset[3]) * 60_000;
  return offset[1] === "-" ? -sizeMs : sizeMs;
}

/** Null for a day or time that there is not, such as February 30. A leap second is the second after it. */
function instantMs(parts: readonly number[], offsetMs: number): number | null {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDay || hour > 24 || minute > 59 || second > 60 || Number.isNaN(offsetMs)) return null;
  return date.setUTCHours(hour, minute, second) - offsetMs;
}

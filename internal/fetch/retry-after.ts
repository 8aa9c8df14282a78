// How long an answer asks us to stay away: the Retry-After header.

const dayMs = 86_400_000;
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const time = String.raw`(?<hour>\d{2}):(?<minute>\d{2}):(?<second>\d{2})`;
const month = `(?<month>${months.join("|")})`;
const dayNames = "Mon|Tue|Wed|Thu|Fri|Sat|Sun";
const longNames = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday";

/** RFC 9110 section 5.6.7: IMF-fixdate, and the obsolete RFC 850 and asctime forms that a recipient must accept too. */
const dateForms = [
  new RegExp(String.raw`^(?:${dayNames}), (?<day>\d{2}) ${month} (?<year>\d{4}) ${time} GMT$`),
  new RegExp(String.raw`^(?:${longNames}), (?<day>\d{2})-${month}-(?<year>\d{2}) ${time} GMT$`),
  new RegExp(String.raw`^(?:${dayNames}) ${month} (?<day>\d{2}| \d) ${time} (?<year>\d{4})$`),
];

/**
 * Milliseconds to wait by a Retry-After header (RFC 9110 section 10.2.3: seconds or a date) that was received at `nowMs`,
 * epoch: more than 0 and at most a day. Null when there is none, when it is malformed, and when it asks for no wait.
 */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  const text = header?.trim() ?? "";
  const waitMs = /^\d+$/.test(text)
    ? Number(text) * 1000
    : (httpDateMs(text, nowMs) ?? nowMs) - nowMs;
  return waitMs > 0 ? Math.min(waitMs, dayMs) : null;
}

function httpDateMs(text: string, nowMs: number): number | null {
  for (const form of dateForms) {
    const fields = form.exec(text)?.groups;
    if (fields !== undefined) return epochMs(fields, nowMs);
  }
  return null;
}

function epochMs(fields: Record<string, string>, nowMs: number): number | null {
  const monthIndex = months.indexOf(fields.month ?? "");
  const day = Number(fields.day);
  const [hour, minute, second] = [
    Number(fields.hour),
    Number(fields.minute),
    Number(fields.second),
  ];
  // 60 is a leap second.
  if (hour > 23 || minute > 59 || second > 60) return null;
  const date = new Date(0);
  date.setUTCFullYear(fullYear(fields.year ?? "", nowMs), monthIndex, day);
  if (date.getUTCMonth() !== monthIndex || date.getUTCDate() !== day) return null;
  return date.setUTCHours(hour, minute, second);
}

/** A two-digit year that looks more than 50 years ahead is the past one with the same digits (RFC 9110 section 5.6.7). */
function fullYear(digits: string, nowMs: number): number {
  if (digits.length === 4) return Number(digits);
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - (thisYear % 100) + Number(digits);
  return year > thisYear + 50 ? year - 100 : year;
}

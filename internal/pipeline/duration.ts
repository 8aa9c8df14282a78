// Durations as people write them: `500ms`, `1s`, `5m`, `2h`, `30d`.

const unitMs: Record<string, number> = {
  ms: 1,
  s: 1e3,
  m: 60e3,
  h: 3600e3,
  d: 86400e3,
  w: 604800e3,
};

/** Milliseconds of a duration (a number and one of ms, s, m, h, d, w), or null when `text` is none or is over 10 years. */
export function durationMs(text: string): number | null {
  const match = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d|w)$/.exec(text.trim());
  if (!match) return null;
  const ms = Math.round(Number(match[1]) * (unitMs[match[2] ?? ""] ?? 1));
  return ms <= 3650 * 86400e3 ? ms : null;
}

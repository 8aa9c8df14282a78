// Whether a schedule is one that Kubernetes' CronJob and `onpoint serve` understand.

const nicknames = ["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"];
const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

type CronField = { name: string; least: number; most: number; names: readonly string[] };

const fields: readonly CronField[] = [
  { name: "minute", least: 0, most: 59, names: [] },
  { name: "hour", least: 0, most: 23, names: [] },
  { name: "day of month", least: 1, most: 31, names: [] },
  { name: "month", least: 1, most: 12, names: months },
  { name: "day of week", least: 0, most: 6, names: days },
];

/**
 * What is wrong with a schedule, or null: a nickname such as `@daily`, or the five fields of crontab(5) with lists,
 * ranges, steps and names. Sunday is 0 only, since a CronJob takes no 7.
 */
export function cronProblem(schedule: string): string | null {
  if (nicknames.includes(schedule)) return null;
  if (schedule.startsWith("@")) return `is none of ${nicknames.join(", ")}`;
  const parts = schedule.trim().split(/\s+/);
  if (parts.length !== fields.length) {
    return `has ${parts.length} field${parts.length === 1 ? "" : "s"}, expected 5`;
  }
  for (const [i, field] of fields.entries()) {
    const part = parts[i] ?? "";
    if (!part.split(",").every((item) => isItem(item, field))) {
      return `has "${part}" as ${field.name}, expected ${field.least} to ${field.most}`;
    }
  }
  return null;
}

function isItem(item: string, field: CronField): boolean {
  const match = /^(?:\*|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(item);
  if (!match) return false;
  const [, from, to, step] = match;
  if (step !== undefined && (Number(step) < 1 || Number(step) > field.most)) return false;
  if (from === undefined) return true;
  const start = numberOf(from, field);
  const end = to === undefined ? start : numberOf(to, field);
  return start !== null && end !== null && start <= end;
}

function numberOf(text: string, field: CronField): number | null {
  const named = field.names.indexOf(text.toLowerCase());
  const value = named >= 0 ? named + field.least : /^\d{1,2}$/.test(text) ? Number(text) : -1;
  return value >= field.least && value <= field.most ? value : null;
}

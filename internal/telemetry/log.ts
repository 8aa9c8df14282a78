// The log of every process: event name + fields, redacted, to stderr (stdout belongs to the command's answer).
import { pino } from "pino";
import { describeError } from "../std/errors.ts";
import { emitLogRecord, type LogLevel } from "./log-record.ts";
import { redactText, redactValue } from "./redact.ts";
import { activeTrace } from "./trace.ts";

export type LogFields = Record<string, unknown>;

/** `event` is a stable dotted name (`shard.taken`); an Error in a field becomes its text with its causes. */
export type Log = {
  debug(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
  /** A log whose lines carry `fields` too. */
  child(fields: LogFields): Log;
  /** Masks this text in every later line of this log and all its relatives; for secrets of a pipeline. */
  hide(secret: string): void;
};

export type LogOptions = {
  role: string;
  /** `debug`, `info`, `warn`, `error` or `silent`. */
  level: string;
  /** Short lines for a terminal instead of JSON. */
  pretty: boolean;
  /** Where lines go instead of stderr. */
  to?: { write(line: string): unknown };
};

/** Opens the log of this process. Lines are written synchronously, so none is lost when it exits. */
export function openLog(options: LogOptions): Log {
  const stderr = options.to ?? pino.destination({ dest: 2, sync: true });
  const to = options.pretty
    ? { write: (line: string) => void stderr.write(prettyLine(JSON.parse(line) as LogFields)) }
    : { write: (line: string) => void stderr.write(line) };
  const lines = pino(
    {
      level: options.level,
      base: { role: options.role },
      messageKey: "event",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    to,
  );
  const hidden = new Set<string>();
  const withFields = (bound: LogFields): Log => {
    const write =
      (level: LogLevel) =>
      (event: string, fields: LogFields = {}) => {
        if (!lines.isLevelEnabled(level)) return;
        const clean = redactValue(errorsAsText({ ...bound, ...fields }), hidden) as LogFields;
        lines[level]({ ...clean, ...activeTrace() }, redactText(event, hidden));
        emitLogRecord(level, redactText(event, hidden), clean);
      };
    return {
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      child: (fields) => withFields({ ...bound, ...fields }),
      // Masking a text of a letter or two would only make the log unreadable.
      hide: (secret) => void (secret.length >= 4 && hidden.add(secret)),
    };
  };
  return withFields({});
}

function errorsAsText(fields: LogFields): LogFields {
  const entries = Object.entries(fields).map(([key, value]) => [
    key,
    value instanceof Error ? describeError(value) : value,
  ]);
  return Object.fromEntries(entries) as LogFields;
}

/** One log line for a terminal: time, level unless info, role, event, `key=value` fields. */
export function prettyLine(line: LogFields): string {
  const { time, level, role, event, trace_id: _, span_id: __, trace_flags: ___, ...fields } = line;
  const at = new Date(String(time));
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
  const pairs = Object.entries(fields).map(([key, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return `${key}=${/[\s"]/.test(text) && typeof value === "string" ? JSON.stringify(text) : text}`;
  });
  const words = [clock, level === "info" ? "" : level, role, event, ...pairs];
  return `${words.filter((word) => word !== "").join(" ")}\n`;
}

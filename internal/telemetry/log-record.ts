// Hands log lines to the OpenTelemetry logs API, so that a collector gets them with their trace.
import { logs, SeverityNumber } from "@opentelemetry/api";

export type LogLevel = "debug" | "info" | "warn" | "error";

const severities = {
  debug: SeverityNumber.DEBUG,
  info: SeverityNumber.INFO,
  warn: SeverityNumber.WARN,
  error: SeverityNumber.ERROR,
};

/** Emits one redacted log record with the current trace context; without a started SDK it does nothing. */
export function emitLogRecord(
  level: LogLevel,
  event: string,
  fields: Record<string, unknown>,
): void {
  const attributes: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    const plain =
      typeof value === "string" || typeof value === "number" || typeof value === "boolean";
    attributes[key] = plain ? value : JSON.stringify(value);
  }
  logs.getLogger("onpoint").emit({
    severityNumber: severities[level],
    severityText: level,
    eventName: event,
    body: event,
    attributes,
  });
}

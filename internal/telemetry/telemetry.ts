// Starts OpenTelemetry when the environment names a collector; otherwise its SDK (40 MB of memory) is never loaded.
import { Fatal } from "../std/errors.ts";

export type Telemetry = {
  /** Whether an SDK was started. */
  enabled: boolean;
  /** Sends what is buffered and stops; returns after 5 s at most and never throws. */
  shutdown(): Promise<void>;
};

export type TelemetryOptions = {
  role: string;
  /** Pod name or process name: `service.instance.id`. */
  instance: string;
  /** The process's environment. The SDK itself reads its `OTEL_*` variables from the process. */
  env: Record<string, string | undefined>;
};

const flushMs = 5_000;

/**
 * Starts the SDK for traces, metrics and logs if `OTEL_EXPORTER_OTLP_ENDPOINT`, or the signal's own
 * `OTEL_EXPORTER_OTLP_<TRACES|METRICS|LOGS>_ENDPOINT`, is set and `OTEL_SDK_DISABLED` is not `true`
 * (OpenTelemetry specification, "OpenTelemetry Protocol Exporter" and "Environment Variables").
 * Protocol by `OTEL_EXPORTER_OTLP_PROTOCOL`: `http/protobuf` (default) or `http/json`.
 * Throws Fatal when the SDK cannot be loaded.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { env } = options;
  const everything = Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT);
  const traces = everything || Boolean(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
  const metrics = everything || Boolean(env.OTEL_EXPORTER_OTLP_METRICS_ENDPOINT);
  const logs = everything || Boolean(env.OTEL_EXPORTER_OTLP_LOGS_ENDPOINT);
  const disabled = env.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true";
  if (disabled || !(traces || metrics || logs)) return { enabled: false, shutdown: async () => {} };

  const { startNodeSdk } = await loadSdk();
  const sdk = startNodeSdk({
    // Lower levels are printed to stdout, which belongs to the command's answer.
    logLevel: "warn",
    resourceAttributes: {
      "service.name": `onpoint-${options.role}`,
      "service.instance.id": options.instance,
    },
    // Without this the SDK sends signals that nobody asked for to localhost.
    ...(traces ? {} : { spanProcessors: [] }),
    ...(metrics ? {} : { metricReaders: [] }),
    ...(logs ? {} : { logRecordProcessors: [] }),
  });
  return { enabled: true, shutdown: () => within(flushMs, sdk.shutdown()) };
}

async function loadSdk() {
  try {
    return await import("@opentelemetry/sdk-node");
  } catch (cause) {
    throw new Fatal('start telemetry: cannot load "@opentelemetry/sdk-node"', { cause });
  }
}

// A collector that is down must not change how a command ends: a failed flush is not an error of the work.
async function within(limitMs: number, flush: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, limitMs);
  await Promise.race([flush.catch(() => undefined), promise]);
  clearTimeout(timer);
}

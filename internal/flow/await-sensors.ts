// `waitFor`: a run begins when all its sensors have fired.
import type { Sensor } from "../model/pipeline.ts";
import type { Objects } from "../objects/objects.ts";
import { listDrops } from "../process/list-drops.ts";
import { Fatal, UsageError } from "../std/errors.ts";
import { pause } from "../std/pause.ts";
import type { Log } from "../telemetry/log.ts";

const lookEveryMs = 5_000;

/** Resolves when there is at least one object at every sensor's URL. Throws Fatal when a sensor's time is over. */
export async function awaitSensors(
  sensors: readonly Sensor[],
  openBucket: (url: string) => Promise<Objects>,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const startedMs = Date.now();
  for (const { url, timeoutMs } of sensors) {
    log.info("sensor.waiting", { url });
    while (!(await hasFired(url, openBucket))) {
      if (signal.aborted) return;
      if (Date.now() - startedMs > timeoutMs) {
        throw new Fatal(
          `waitFor "${url}": nothing was there within ${Math.round(timeoutMs / 1000)} s; run again when it is`,
        );
      }
      await pause(Math.min(lookEveryMs, timeoutMs / 4), signal);
    }
    log.info("sensor.fired", { url });
  }
}

async function hasFired(
  url: string,
  openBucket: (url: string) => Promise<Objects>,
): Promise<boolean> {
  try {
    for await (const _ of listDrops(url, openBucket)) return true;
    return false;
  } catch (error) {
    if (error instanceof UsageError) return false;
    throw error;
  }
}

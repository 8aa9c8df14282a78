// Drain, deadline, hard exit: the one place that decides how a process of any role stops.
//
// States: running -> draining (first SIGTERM, SIGINT or SIGHUP, or `begin`: the signal is aborted, the deadline runs)
// -> ended (`end`, when the work has finished). Draining -> exit(130) at a second signal, exit(1) at the deadline.
// SIGHUP is a terminal that was closed.
import type { Log } from "../telemetry/log.ts";

const stopSignals = ["SIGTERM", "SIGINT", "SIGHUP"] as const;
type StopSignal = (typeof stopSignals)[number];

/** The part of `process` that is needed; `exit` does not return. */
export type ProcessLike = {
  on(event: StopSignal, listener: (signal: StopSignal) => void): unknown;
  off(event: StopSignal, listener: (signal: StopSignal) => void): unknown;
  exit(code: number): void;
};

export type DrainOptions = {
  /** From the first signal to the hard exit; below the pod's terminationGracePeriodSeconds less its preStop. */
  graceMs: number;
  /** Called once, before the signal is aborted: readiness goes false here. */
  onDrain(): void;
  log: Pick<Log, "info" | "error">;
};

export type Drain = {
  /** Aborted when the drain begins: stop pulling, finish or checkpoint, hand leases back. */
  signal: AbortSignal;
  /** Starts the drain for another reason than a signal (the parent is gone); does nothing the second time. */
  begin(reason: string): void;
  /** The work is over: no deadline, no handlers any more. */
  end(): void;
};

/** Listens for the signals until `end` is called. */
export function drainOnSignal(target: ProcessLike, options: DrainOptions): Drain {
  const controller = new AbortController();
  let deadline: NodeJS.Timeout | undefined;

  const begin = (reason: string) => {
    if (controller.signal.aborted) return;
    options.log.info("drain.begin", { reason, graceMs: options.graceMs });
    deadline = setTimeout(() => {
      options.log.error("drain.deadline", { graceMs: options.graceMs });
      target.exit(1);
    }, options.graceMs);
    // A process with nothing left to do must not wait for its own deadline.
    deadline.unref();
    options.onDrain();
    controller.abort();
  };
  const onSignal = (name: StopSignal) => {
    if (!controller.signal.aborted) return begin(name);
    options.log.error("drain.forced", { reason: name });
    target.exit(130);
  };
  for (const name of stopSignals) target.on(name, onSignal);

  return {
    signal: controller.signal,
    begin,
    end: () => {
      clearTimeout(deadline);
      for (const name of stopSignals) target.off(name, onSignal);
    },
  };
}

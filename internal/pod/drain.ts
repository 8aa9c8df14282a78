// Drain, deadline, hard exit: the one place that decides how a process of any role stops.
//
// States: running -> draining (first SIGTERM or SIGINT, or `begin`: the signal is aborted, the deadline runs)
// -> ended (`end`, when the work has finished). Draining -> exit(130) at a second signal, exit(1) at the deadline.
import type { Log } from "../telemetry/log.ts";

/** The part of `process` that is needed; `exit` does not return. */
export type ProcessLike = {
  on(event: "SIGTERM" | "SIGINT", listener: (signal: "SIGTERM" | "SIGINT") => void): unknown;
  off(event: "SIGTERM" | "SIGINT", listener: (signal: "SIGTERM" | "SIGINT") => void): unknown;
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

/** Listens for SIGTERM and SIGINT until `end` is called. */
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
  const onSignal = (name: "SIGTERM" | "SIGINT") => {
    if (!controller.signal.aborted) return begin(name);
    options.log.error("drain.forced", { reason: name });
    target.exit(130);
  };
  target.on("SIGTERM", onSignal);
  target.on("SIGINT", onSignal);

  return {
    signal: controller.signal,
    begin,
    end: () => {
      clearTimeout(deadline);
      target.off("SIGTERM", onSignal);
      target.off("SIGINT", onSignal);
    },
  };
}

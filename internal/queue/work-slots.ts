// How many messages a taker of work holds at a time. A slot comes back when its message is settled, or when the server
// has taken it from a worker that was silent too long.

export type Slot = { extend(): void; giveBack(): void };
export type Slots = {
  /** Resolves when there is a free slot, or `signal` is aborted. */
  free(signal: AbortSignal): Promise<void>;
  take(silentMs: number): Slot;
};

/** `max` slots. */
export function openSlots(max: number): Slots {
  let taken = 0;
  let wake: () => void = () => {};

  const free = async (signal: AbortSignal) => {
    while (taken >= max && !signal.aborted) {
      const change = Promise.withResolvers<void>();
      wake = change.resolve;
      signal.addEventListener("abort", wake, { once: true });
      await change.promise;
      signal.removeEventListener("abort", wake);
    }
  };

  const take = (silentMs: number): Slot => {
    taken++;
    let isTaken = true;
    const giveBack = () => {
      if (!isTaken) return;
      isTaken = false;
      taken--;
      clearTimeout(timer);
      wake();
    };
    const timer = setTimeout(giveBack, silentMs).unref();
    return { giveBack, extend: () => timer.refresh() };
  };

  return { free, take };
}

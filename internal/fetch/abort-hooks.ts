// Many requests hang on one signal: an owner's. One listener a signal, so that a request costs two operations on a set
// instead of two on a list of listeners, and none is left behind.

export type AbortHook = (reason: unknown) => void;

export class AbortHooks {
  readonly #bySignal = new WeakMap<AbortSignal, Set<AbortHook>>();

  /** Calls `hook` with the signal's reason when it aborts. `signal` must not be aborted yet. */
  add(signal: AbortSignal, hook: AbortHook): void {
    let hooks = this.#bySignal.get(signal);
    if (hooks === undefined) {
      const own = new Set<AbortHook>();
      hooks = own;
      this.#bySignal.set(signal, own);
      signal.addEventListener(
        "abort",
        () => {
          for (const each of [...own]) each(signal.reason);
        },
        { once: true },
      );
    }
    hooks.add(hook);
  }

  remove(signal: AbortSignal, hook: AbortHook): void {
    this.#bySignal.get(signal)?.delete(hook);
  }
}

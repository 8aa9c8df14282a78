// Quotas of an API's hosts, which it tells in the headers of its answers and holds by its own clock.

/** Requests allowed in a window that opens with the first request after the one before. */
const perWindow = 9;
const windowMs = 2_000;

/** The ways in which hosts tell of what remains, by the kind of paging that they serve. */
const told: Record<string, (left: number, seconds: number) => Record<string, string>> = {
  pagetotal: (left, seconds) => ({
    "x-ratelimit-limit": String(perWindow),
    "x-ratelimit-remaining": String(left),
    "x-ratelimit-reset": String(seconds),
  }),
  offset: (left, seconds) => ({
    "ratelimit-policy": `"burst";q=${perWindow};w=${windowMs / 1_000}`,
    ratelimit: `"burst";r=${left};t=${seconds}`,
  }),
  cursor: (left, seconds) => ({
    ratelimit: `limit=${perWindow}, remaining=${left}, reset=${seconds}`,
  }),
};

export type Quotas = {
  /** Counts a request. Gives the headers that tell what remains, and whether it came when nothing did. */
  spend(kind: string, atMs: number): { headers: Record<string, string>; isOver: boolean };
};

export function openQuotas(): Quotas {
  const windows = new Map<string, { untilMs: number; left: number }>();
  return {
    spend(kind, atMs) {
      const tell = told[kind];
      if (tell === undefined) return { headers: {}, isOver: false };
      let window = windows.get(kind);
      if (window === undefined || atMs >= window.untilMs)
        window = { untilMs: atMs + windowMs, left: perWindow };
      windows.set(kind, window);
      const isOver = window.left === 0;
      window.left = Math.max(0, window.left - 1);
      // Whole seconds, never too early.
      const seconds = Math.ceil((window.untilMs - atMs) / 1_000);
      return { headers: tell(window.left, seconds), isOver };
    },
  };
}

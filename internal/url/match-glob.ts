// Runs a glob over a URL: all states of the glob at once, one character after the other, so that nothing is ever tried twice,
// whatever a stranger writes into a URL.

export const star = Symbol("*");
export const anyRun = Symbol("**");

/** A letter of a glob, any run without `/`, or any run. */
export type Token = string | typeof star | typeof anyRun;

/** Whether the part of a URL from `start` to `end` is matched. */
export type PartMatcher = (url: string, start: number, end: number) => boolean;

/**
 * Compiles tokens. `skips`: from a token to a later one that may follow in its place. URLs are ASCII; no `**` follows another
 * wildcard.
 */
export function partMatcher(tokens: readonly Token[], skips: Map<number, number>): PartMatcher {
  if (tokens.length === 1 && tokens[0] === anyRun) return () => true;
  const required = requiredOf(tokens, skips);
  const run = tokens.length < 31 ? inOneWord(tokens, skips) : inArrays(tokens, skips);
  return (url, start, end) => {
    const at = url.indexOf(required, start);
    return at >= 0 && at + required.length <= end && run(url, start, end);
  };
}

/** The longest run of letters that no skip leaves out: every match holds it, a quick no for most URLs. */
function requiredOf(tokens: readonly Token[], skips: Map<number, number>): string {
  let longest = "";
  let run = "";
  tokens.forEach((token, index) => {
    run = typeof token === "string" && !skips.has(index) ? run + token : "";
    if (run.length > longest.length) longest = run;
  });
  return longest;
}

// State n, `n` tokens being matched, is bit n.
function inOneWord(tokens: readonly Token[], skips: Map<number, number>): PartMatcher {
  const letters = new Int32Array(128);
  let stars = 0;
  let anyRuns = 0;
  tokens.forEach((token, index) => {
    const bit = 1 << index;
    if (token === star) stars |= bit;
    else if (token === anyRun) anyRuns |= bit;
    else {
      const code = (token as string).charCodeAt(0);
      letters[code] = (letters[code] ?? 0) | bit;
    }
  });
  const jumps = [...skips].map(([from, to]) => ({ from: 1 << from, to: 1 << to }));
  const reach = (states: number): number => {
    let all = states | ((states & (stars | anyRuns)) << 1);
    // In order of place, so that a skip to another skip is seen.
    for (const { from, to } of jumps) {
      if ((all & from) !== 0) all |= to;
    }
    return all;
  };
  const first = reach(1);
  const last = 1 << tokens.length;
  return (url, start, end) => {
    let now = first;
    for (let at = start; now !== 0 && at < end; at += 1) {
      const code = url.charCodeAt(at);
      const kept = code === 0x2f ? anyRuns : stars | anyRuns;
      now = reach((now & kept) | ((now & (letters[code] ?? 0)) << 1));
    }
    return (now & last) !== 0;
  };
}

function inArrays(tokens: readonly Token[], skips: Map<number, number>): PartMatcher {
  // Adds the states that follow without a character; whether there is any state at all.
  const reach = (states: Uint8Array): boolean => {
    let isAlive = false;
    for (let state = 0; state < states.length; state += 1) {
      if (states[state] === 0) continue;
      isAlive = true;
      if (typeof tokens[state] === "symbol") states[state + 1] = 1;
      const skip = skips.get(state);
      if (skip !== undefined) states[skip] = 1;
    }
    return isAlive;
  };
  const step = (now: Uint8Array, next: Uint8Array, char: string): boolean => {
    next.fill(0);
    for (let state = 0; state < tokens.length; state += 1) {
      if (now[state] === 0) continue;
      const token = tokens[state];
      if (token === anyRun || (token === star && char !== "/")) next[state] = 1;
      else if (token === char) next[state + 1] = 1;
    }
    return reach(next);
  };
  return (url, start, end) => {
    let now = new Uint8Array(tokens.length + 1);
    let next = new Uint8Array(tokens.length + 1);
    now[0] = 1;
    let isAlive = reach(now);
    for (let at = start; isAlive && at < end; at += 1) {
      isAlive = step(now, next, url.charAt(at));
      [now, next] = [next, now];
    }
    return isAlive && now[tokens.length] === 1;
  };
}

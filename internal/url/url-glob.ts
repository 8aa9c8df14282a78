// Globs over URLs, in time proportional to glob times URL. A glob library for file paths has two faults here, both measured
// with picomatch 4: `**` does not cross a `/../` (which a query may hold), and a URL of 2,000 characters, written by a
// stranger, kept four `**` busy for 96 s. And in URLs `?`, `(`, `[`, `+` and `!` are letters.
//
// `*` is any run without `/`, `**` any run at all, `{a,b}` either; `/**` also stands for nothing before a `/` and at the end;
// `\` makes the next character a letter; everything else is what it is.

type Token = string | typeof star | typeof anyRun;
/** `required`: letters that every match holds, for a quick no. */
type Glob = { tokens: Token[]; skips: Map<number, number>; required: string };

const star = Symbol("*");
const anyRun = Symbol("**");

/** Whether a URL as a whole matches one of the globs. Compile once, ask often. */
export function urlGlobs(globs: readonly string[]): (url: string) => boolean {
  const compiled = globs.map(encoded).flatMap(alternativesOf).map(compile);
  if (compiled.some(({ tokens }) => tokens.length === 1 && tokens[0] === anyRun)) return () => true;
  return (url) => compiled.some((glob) => matches(glob, url));
}

/** A canonical URL is ASCII: `ü` and blanks of a glob are `%C3%BC` and `%20` there. */
function encoded(glob: string): string {
  return glob.replace(/[^!-~]+/g, (run) => encodeURIComponent(run.toWellFormed()));
}

/** The globs that a glob with `{a,b}` stands for. A brace without its other half, or without a comma, is a letter. */
function alternativesOf(glob: string): string[] {
  for (let open = 0; open < glob.length; open += 1) {
    if (glob[open] === "\\") open += 1;
    else if (glob[open] === "{") {
      const parts = partsOf(glob, open);
      if (parts === null || parts.options.length < 2) continue;
      const heads = glob.slice(0, open);
      return parts.options.flatMap((option) => alternativesOf(heads + option + parts.rest));
    }
  }
  return [glob];
}

/** What a brace at `open` holds, by its own commas, and what follows it; null when it is never closed. */
function partsOf(glob: string, open: number): { options: string[]; rest: string } | null {
  const options: string[] = [];
  let depth = 1;
  let start = open + 1;
  for (let at = start; at < glob.length; at += 1) {
    const char = glob[at];
    if (char === "\\") at += 1;
    else if (char === "{") depth += 1;
    else if (char === "}") depth -= 1;
    if (depth === 0 || (char === "," && depth === 1)) {
      options.push(glob.slice(start, at));
      start = at + 1;
    }
    if (depth === 0) return { options, rest: glob.slice(start) };
  }
  return null;
}

function compile(glob: string): Glob {
  const tokens: Token[] = [];
  for (let at = 0; at < glob.length; at += 1) {
    if (glob[at] === "\\" && at + 1 < glob.length) {
      at += 1;
      tokens.push(glob[at] as string);
    } else if (glob[at] !== "*") {
      tokens.push(glob[at] as string);
    } else if (glob[at + 1] === "*") {
      while (glob[at + 1] === "*") at += 1;
      tokens.push(anyRun);
    } else {
      tokens.push(star);
    }
  }
  const skips = skipsOf(tokens);
  return { tokens, skips, required: requiredOf(tokens, skips) };
}

/** Where `/**` may stand for nothing: from its slash to what follows it. */
function skipsOf(tokens: readonly Token[]): Map<number, number> {
  const skips = new Map<number, number>();
  tokens.forEach((token, index) => {
    const next = tokens[index + 2];
    if (token === "/" && tokens[index + 1] === anyRun && (next === "/" || next === undefined)) {
      skips.set(index, index + 2);
    }
  });
  return skips;
}

/** The longest run of letters that no skip leaves out. */
function requiredOf(tokens: readonly Token[], skips: Map<number, number>): string {
  let longest = "";
  let run = "";
  tokens.forEach((token, index) => {
    run = typeof token === "string" && !skips.has(index) ? run + token : "";
    if (run.length > longest.length) longest = run;
  });
  return longest;
}

/** All states of the glob at once, one character of the URL after the other: nothing is ever tried twice. */
function matches({ tokens, skips, required }: Glob, url: string): boolean {
  if (!url.includes(required)) return false;
  let now = new Uint8Array(tokens.length + 1);
  let next = new Uint8Array(tokens.length + 1);
  now[0] = 1;
  let isAlive = reach(now, tokens, skips);
  for (let at = 0; isAlive && at < url.length; at += 1) {
    const char = url[at];
    next.fill(0);
    for (let state = 0; state < tokens.length; state += 1) {
      if (now[state] === 0) continue;
      const token = tokens[state];
      if (token === anyRun || (token === star && char !== "/")) next[state] = 1;
      else if (token === char) next[state + 1] = 1;
    }
    isAlive = reach(next, tokens, skips);
    [now, next] = [next, now];
  }
  return isAlive && now[tokens.length] === 1;
}

/** Adds the states that follow without a character; whether there is any state at all. */
function reach(states: Uint8Array, tokens: readonly Token[], skips: Map<number, number>): boolean {
  let isAlive = false;
  for (let state = 0; state < states.length; state += 1) {
    if (states[state] === 0) continue;
    isAlive = true;
    if (typeof tokens[state] === "symbol") states[state + 1] = 1;
    const skip = skips.get(state);
    if (skip !== undefined) states[skip] = 1;
  }
  return isAlive;
}

// Globs over URLs, in time proportional to glob times URL. A glob library for file paths has two faults here, both measured
// with picomatch 4: `**` does not cross a `/../` (which a query may hold), and a URL of 2,000 characters, written by a
// stranger, kept four `**` busy for 96 s. And in URLs `?`, `(`, `[`, `+` and `!` are letters.
//
// `*` is any run without `/`, `**` any run at all, `{a,b}` either; `/**` also stands for nothing before a `/` and at the end;
// `\` makes the next character a letter; everything else is what it is.
import { anyRun, type PartMatcher, partMatcher, star, type Token } from "./match-glob.ts";

/** `head`, `tail`: the letters that every match begins and ends with. `middle`: what is between. */
type Glob = { head: string; tail: string; middle: PartMatcher };

/** Whether a URL as a whole matches one of the globs. Compile once, ask often. */
export function urlGlobs(globs: readonly string[]): (url: string) => boolean {
  const compiled = globs.map(encoded).flatMap(alternativesOf).map(compile);
  return (url) => {
    for (const glob of compiled) if (matches(glob, url)) return true;
    return false;
  };
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
  const isLetterAt = (at: number) => typeof tokens[at] === "string" && !skips.has(at);
  let start = 0;
  while (isLetterAt(start)) start += 1;
  let end = tokens.length;
  while (end > start && isLetterAt(end - 1)) end -= 1;
  const own = new Map([...skips].map(([from, to]) => [from - start, to - start]));
  return {
    head: tokens.slice(0, start).join(""),
    tail: tokens.slice(end).join(""),
    middle: partMatcher(tokens.slice(start, end), own),
  };
}

function matches({ head, tail, middle }: Glob, url: string): boolean {
  const end = url.length - tail.length;
  if (end < head.length || !url.startsWith(head) || !url.endsWith(tail)) return false;
  return middle(url, head.length, end);
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

// The rules of one robots.txt that bind us, kept so that a file of thousands costs a path no more than a file of ten: most
// rules are plain prefixes, and those are looked up by their length.
import { matchesPath, type RobotsPattern } from "./robots-pattern.ts";

export type Rule = { isAllow: boolean; pattern: RobotsPattern };

export class RuleIndex {
  /** Patterns without signs, and whether one of those that are equal is an allow. */
  readonly #prefixes = new Map<string, boolean>();
  /** Their lengths, each once, the longest first. */
  readonly #lengths: number[];
  /** All others, the one of most octets first, allow before disallow. */
  readonly #others: Rule[] = [];

  constructor(rules: readonly Rule[]) {
    for (const rule of rules) {
      const { pieces, isAnchored } = rule.pattern;
      const [prefix = ""] = pieces;
      if (pieces.length > 1 || isAnchored) this.#others.push(rule);
      else this.#prefixes.set(prefix, rule.isAllow || this.#prefixes.get(prefix) === true);
    }
    const lengths = new Set([...this.#prefixes.keys()].map((prefix) => prefix.length));
    this.#lengths = [...lengths].sort((a, b) => b - a);
    this.#others.sort(
      (a, b) => b.pattern.octets - a.pattern.octets || Number(b.isAllow) - Number(a.isAllow),
    );
  }

  /**
   * Whether a path in the form of `robotsPath` is allowed; null: no rule matches. Of all that match, the pattern of most
   * octets decides, allow before disallow (RFC 9309 section 2.2.2).
   */
  decide(path: string): boolean | null {
    const length = this.#lengths.find(
      (each) => each <= path.length && this.#prefixes.has(path.slice(0, each)),
    );
    const byPrefix = length === undefined ? null : this.#prefixes.get(path.slice(0, length));
    for (const { isAllow, pattern } of this.#others) {
      if (length !== undefined && pattern.octets < length) break;
      if (pattern.octets === length && (byPrefix === true || !isAllow)) break;
      if (matchesPath(pattern, path)) return isAllow;
    }
    return byPrefix ?? null;
  }
}

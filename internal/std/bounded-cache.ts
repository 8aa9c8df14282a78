// A cache that strangers may fill: what they name (hosts of links) is kept in bounded memory.

/**
 * Keeps the values asked for lately: at least the last `size` keys, at most twice as many. Two generations instead of a list
 * of uses, so that a hit costs one look-up.
 */
export class BoundedCache<Value> {
  readonly #size: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  constructor(size: number) {
    this.#size = size;
  }

  /** The kept value, or undefined. */
  get(key: string): Value | undefined {
    const value = this.#young.get(key);
    if (value !== undefined) return value;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: Value): void {
    if (this.#young.size >= this.#size) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}

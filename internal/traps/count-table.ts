// Counts by 64-bit key in bounded memory: 12 bytes a slot, twice as many slots when three quarters are taken, up to a limit.
// At the limit the smallest counts are forgotten, so a count can be too low but never too high: no page is taken for a copy
// that is none.

const firstSlots = 64;
const fieldsPerSlot = 3;

export class CountTable {
  readonly #maxSlots: number;
  /** `hi`, `lo` and the count, three in a row a slot; a count of 0 is a free slot. */
  #slots = new Uint32Array(firstSlots * fieldsPerSlot);
  #taken = 0;

  /** `maxSlots`: a power of two, at least 64. */
  constructor(maxSlots: number) {
    this.#maxSlots = maxSlots;
  }

  /** Bytes held. */
  get sizeBytes(): number {
    return this.#slots.byteLength;
  }

  /** Adds one to the count of a key (two unsigned 32-bit halves); gives the count after it. */
  add(hi: number, lo: number): number {
    const at = this.#find(hi, lo);
    const count = (this.#slots[at + 2] as number) + 1;
    this.#slots[at] = hi;
    this.#slots[at + 1] = lo;
    this.#slots[at + 2] = count;
    if (count === 1) this.#taken += 1;
    if (this.#taken * 4 > this.#capacity * 3) this.#makeRoom();
    return count;
  }

  get #capacity(): number {
    return this.#slots.length / fieldsPerSlot;
  }

  #find(hi: number, lo: number): number {
    const mask = this.#capacity - 1;
    for (let slot = (hi ^ lo) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * fieldsPerSlot;
      if (this.#slots[at + 2] === 0 || (this.#slots[at] === hi && this.#slots[at + 1] === lo))
        return at;
    }
  }

  #makeRoom(): void {
    if (this.#capacity < this.#maxSlots) {
      this.#rebuild(this.#capacity * 2, 1);
      return;
    }
    // Half of the room must be free again, whatever the counts are.
    for (let least = 2; this.#taken * 2 > this.#capacity; least *= 2)
      this.#rebuild(this.#capacity, least);
  }

  /** Moves the counts of at least `least` into a table of `capacity` slots. */
  #rebuild(capacity: number, least: number): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(capacity * fieldsPerSlot);
    this.#taken = 0;
    for (let from = 0; from < old.length; from += fieldsPerSlot) {
      if ((old[from + 2] as number) < least) continue;
      const at = this.#find(old[from] as number, old[from + 1] as number);
      this.#slots.set(old.subarray(from, from + fieldsPerSlot), at);
      this.#taken += 1;
    }
  }
}

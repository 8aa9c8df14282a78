// The hosts that may have something to fetch, ordered by when they may next be asked: a binary heap, each host in it at most
// once. Times in it may be out of date (too early); whoever pops asks the host's gate again.

type Slot = { authority: string; atMs: number };

export class ReadyHosts {
  readonly #heap: Slot[] = [];
  readonly #present = new Map<string, Slot>();

  get size(): number {
    return this.#heap.length;
  }

  /** Adds a host, or moves it forward in time. */
  add(authority: string, atMs: number): void {
    const present = this.#present.get(authority);
    if (present !== undefined) {
      if (atMs < present.atMs) {
        present.atMs = atMs;
        this.#up(this.#heap.indexOf(present));
      }
      return;
    }
    const slot = { authority, atMs };
    this.#present.set(authority, slot);
    this.#heap.push(slot);
    this.#up(this.#heap.length - 1);
  }

  /** The time of the first host, or null when there is none. */
  nextAtMs(): number | null {
    return this.#heap[0]?.atMs ?? null;
  }

  /** Takes the first host out. */
  pop(): string | null {
    const first = this.#heap[0];
    if (first === undefined) return null;
    const last = this.#heap.pop() as Slot;
    if (last !== first) {
      this.#heap[0] = last;
      this.#down(0);
    }
    this.#present.delete(first.authority);
    return first.authority;
  }

  #up(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#at(parent) <= this.#at(index)) return;
      this.#swap(parent, index);
      index = parent;
    }
  }

  #down(from: number): void {
    let index = from;
    for (;;) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < this.#heap.length && this.#at(child) < this.#at(least)) least = child;
      }
      if (least === index) return;
      this.#swap(least, index);
      index = least;
    }
  }

  #at(index: number): number {
    return (this.#heap[index] as Slot).atMs;
  }

  #swap(a: number, b: number): void {
    const slot = this.#heap[a] as Slot;
    this.#heap[a] = this.#heap[b] as Slot;
    this.#heap[b] = slot;
  }
}

// The hosts that may have something to fetch, ordered by when they may next be asked: a binary heap, each host in it at most
// once. Times in it may be out of date (too early); whoever takes the first asks the host again.

/** Where an item stands. Belongs to the heap: nobody else may write to it. `index` is -1 outside of it. */
export type HeapPlace = { index: number; atMs: number };
export const noPlace = (): HeapPlace => ({ index: -1, atMs: 0 });

export class ReadyHosts<T extends { readonly place: HeapPlace }> {
  readonly #heap: T[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** Adds a host, or moves it forward in time. */
  add(host: T, atMs: number): void {
    const { place } = host;
    if (place.index === -1) {
      place.index = this.#heap.length;
      this.#heap.push(host);
    } else if (atMs >= place.atMs) return;
    place.atMs = atMs;
    this.#up(host);
  }

  /** The first host, or null when there is none. */
  first(): T | null {
    return this.#heap[0] ?? null;
  }

  /** Takes a host out, if it is here. */
  remove(host: T): void {
    const { index } = host.place;
    if (index === -1) return;
    host.place.index = -1;
    const last = this.#heap.pop() as T;
    if (last === host) return;
    this.#put(last, index);
    this.#up(last);
    this.#down(last);
  }

  #up(host: T): void {
    let { index } = host.place;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = this.#heap[above] as T;
      if (parent.place.atMs <= host.place.atMs) break;
      this.#put(parent, index);
      index = above;
    }
    this.#put(host, index);
  }

  #down(host: T): void {
    const heap = this.#heap;
    let { index } = host.place;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= heap.length) break;
      const right = heap[below + 1];
      if (right !== undefined && right.place.atMs < (heap[below] as T).place.atMs) below += 1;
      const child = heap[below] as T;
      if (child.place.atMs >= host.place.atMs) break;
      this.#put(child, index);
      index = below;
    }
    this.#put(host, index);
  }

  #put(host: T, index: number): void {
    this.#heap[index] = host;
    host.place.index = index;
  }
}

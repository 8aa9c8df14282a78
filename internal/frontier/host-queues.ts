// What is queued for each host: bands of entries, each a first-in-first-out list through the entry table. A band is one source,
// one kind and one rank (place in the order of service), so that its first entry may start when any of them may, and nothing
// of a link has to be read to know it. Bands live in typed arrays, 24 bytes each; a host is one entry of a Map.

import { type EntryTable, none } from "./entry-table.ts";

/** A band's number, above 0. It is given to another band once it is empty. */
export type Band = number;
const noBand = 0;
const firstBands = 16;

export class HostQueues {
  readonly #entries: EntryTable;
  /** The first band of each host. */
  readonly #hosts = new Map<string, Band>();
  /** Bands of a host in order of rank; and the bands that are free, from `#free` on. */
  #after = new Uint32Array(firstBands);
  #head = new Uint32Array(firstBands);
  #tail = new Uint32Array(firstBands);
  #rank = new Uint32Array(firstBands);
  /** Source and kind, as one number. */
  #group = new Uint32Array(firstBands);
  #used = 1;
  #free: Band = noBand;

  constructor(entries: EntryTable) {
    this.#entries = entries;
  }

  get hostCount(): number {
    return this.#hosts.size;
  }

  /** Bytes of the bands (not of the hosts' names). */
  get sizeBytes(): number {
    return 5 * this.#after.byteLength;
  }

  hosts(): IterableIterator<string> {
    return this.#hosts.keys();
  }

  has(host: string): boolean {
    return this.#hosts.has(host);
  }

  /** The host's bands in the order they are served. Bands may be emptied on the way. */
  *bandsOf(host: string): Generator<Band> {
    let band = this.#hosts.get(host) ?? noBand;
    while (band !== noBand) {
      const after = this.#after[band] as number;
      yield band;
      band = after;
    }
  }

  groupOf(band: Band): number {
    return this.#group[band] as number;
  }

  rankOf(band: Band): number {
    return this.#rank[band] as number;
  }

  /** The first entry of a band. */
  first(band: Band): number {
    return this.#head[band] as number;
  }

  /** Adds an entry to the end of its band, or before all others. Gives whether the band was empty. */
  add(host: string, group: number, rank: number, ordinal: number, place: "end" | "front"): boolean {
    const band = this.#bandFor(host, group, rank);
    const head = this.#head[band] as number;
    if (head === none) {
      this.#entries.setNext(ordinal, none);
      this.#head[band] = ordinal;
      this.#tail[band] = ordinal;
    } else if (place === "front") {
      this.#entries.setNext(ordinal, head);
      this.#head[band] = ordinal;
    } else {
      this.#entries.setNext(ordinal, none);
      this.#entries.setNext(this.#tail[band] as number, ordinal);
      this.#tail[band] = ordinal;
    }
    return head === none;
  }

  /** Takes the first entry of a band out. */
  removeFirst(host: string, band: Band): void {
    const next = this.#entries.next(this.#head[band] as number);
    this.#head[band] = next;
    if (next === none) this.#removeBand(host, band);
  }

  /** Takes all entries of a band out; `each` is called with them. */
  clear(host: string, band: Band, each: (ordinal: number) => void): void {
    let ordinal = this.#head[band] as number;
    while (ordinal !== none) {
      const next = this.#entries.next(ordinal);
      each(ordinal);
      ordinal = next;
    }
    this.#removeBand(host, band);
  }

  #bandFor(host: string, group: number, rank: number): Band {
    let before: Band = noBand;
    let band = this.#hosts.get(host) ?? noBand;
    while (band !== noBand && (this.#rank[band] as number) <= rank) {
      if (this.#rank[band] === rank && this.#group[band] === group) return band;
      before = band;
      band = this.#after[band] as number;
    }
    const made = this.#newBand();
    this.#after[made] = band;
    this.#head[made] = none;
    this.#rank[made] = rank;
    this.#group[made] = group;
    if (before === noBand) this.#hosts.set(host, made);
    else this.#after[before] = made;
    return made;
  }

  #removeBand(host: string, band: Band): void {
    const after = this.#after[band] as number;
    let before = this.#hosts.get(host) as Band;
    if (before === band) {
      if (after === noBand) this.#hosts.delete(host);
      else this.#hosts.set(host, after);
    } else {
      while (this.#after[before] !== band) before = this.#after[before] as number;
      this.#after[before] = after;
    }
    this.#after[band] = this.#free;
    this.#free = band;
  }

  #newBand(): Band {
    const band = this.#free;
    if (band !== noBand) {
      this.#free = this.#after[band] as number;
      return band;
    }
    if (this.#used === this.#after.length) {
      this.#after = doubled(this.#after);
      this.#head = doubled(this.#head);
      this.#tail = doubled(this.#tail);
      this.#rank = doubled(this.#rank);
      this.#group = doubled(this.#group);
    }
    this.#used += 1;
    return this.#used - 1;
  }
}

function doubled(words: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(2 * words.length);
  larger.set(words);
  return larger;
}

// Links that this pod has put on the log of a run, for other shards: what is in here is not sent again. A link that is
// forgotten and sent once more costs some bytes on the log; its shard's owner has seen it. So this may be bounded.
import { FingerprintTable } from "./fingerprint-table.ts";

export class SentLinks {
  readonly #most: number;
  #young = new FingerprintTable();
  #old = new FingerprintTable();

  /** `most`: links remembered at least; twice as many at most, 12 bytes each. */
  constructor(most = 1_000_000) {
    this.#most = most;
  }

  has(hi: number, lo: number): boolean {
    return this.#young.has(hi, lo) || this.#old.has(hi, lo);
  }

  add(hi: number, lo: number): void {
    if (this.#young.size >= this.#most) {
      this.#old = this.#young;
      this.#young = new FingerprintTable();
    }
    this.#young.add(hi, lo);
  }
}

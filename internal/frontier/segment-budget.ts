// The memory that the open segments of a pod may take together: a pod owns hundreds of shards, and a limit for each of them
// would be none for all.

export class SegmentBudget {
  readonly #maxBytes: number;
  #usedBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes came into a segment, or (negative) a segment's were saved or given up. */
  add(sizeBytes: number): void {
    this.#usedBytes += sizeBytes;
  }

  /** Half of it is used: large segments should be committed before they are due. */
  get isPressing(): boolean {
    return this.#usedBytes >= this.#maxBytes / 2;
  }

  /** Nothing more may come in until a commit has ended. */
  get isSpent(): boolean {
    return this.#usedBytes >= this.#maxBytes;
  }
}

// The queue: work, ledger, leases, frontier log and small state, on NATS JetStream (queue-nats.ts) or, in unit tests, in
// memory (queue-memory.ts). queue.contract.ts runs against both.
//
// Contract:
// - Every append is acknowledged by the server before the promise resolves. While the server is away, calls wait for it to
//   come back (bounded by `signal` where there is one, else 60 s) and may store a message twice; readers must be idempotent.
// - Work is delivered at least once, to one worker at a time; a worker that neither acks nor extends within 15 s loses it.
//   Acks are never proof: read the ledger on every message.
// - `commit` is first-record-wins per (run, stage, task); it returns the record that won, whoever wrote it.
// - A lease ends `ttlMs` after its last renewal. `token` grows with every change of holder. `appendCrawled` is refused by
//   the server, not by the client, once the lease it carries is not the current one: it throws LostLease.
// - Readers yield in sequence order, from the first message when `fromSeq` is 1, and go on until `signal` is aborted (then
//   they return, they do not throw). They survive a server restart without skipping a message.
// - Names of runs, stages and tasks are `[A-Za-z0-9_=-]+`.

/** Headers carry the trace context (W3C `traceparent`). */
export type Headers = Record<string, string>;

export type WorkMessage = {
  run: string;
  task: string;
  data: Uint8Array;
  headers: Headers;
  /** Deliveries of this message so far, this one included; not a proof that the first one did nothing. */
  deliveries: number;
  /** Keeps the message for another 15 s. */
  extend(): void;
  /** Removes it from the queue, confirmed by the server. */
  ack(): Promise<void>;
  /** Gives it back, for delivery after `delayMs`. */
  release(delayMs: number): void;
};

export type LedgerRecord = {
  run: string;
  stage: string;
  task: string;
  data: Uint8Array;
  seq: number;
};
export type LogMessage = {
  run: string;
  shard: number;
  data: Uint8Array;
  headers: Headers;
  seq: number;
};

/** A lease held: `token` is the fencing token, `revision` changes with every renewal. */
export type Lease = { key: string; holder: string; token: number; revision: number };
export type LeaseInfo = { key: string; holder: string };

export interface Queue {
  /** Puts a task on the queue of `role` unless it is there already. */
  publishWork(
    role: string,
    run: string,
    task: string,
    data: Uint8Array,
    headers: Headers,
  ): Promise<"queued" | "present">;
  /** Yields work of `role`, at most `maxInFlight` unacknowledged at a time. Ends when `signal` is aborted. */
  takeWork(role: string, maxInFlight: number, signal: AbortSignal): AsyncIterable<WorkMessage>;
  /** Messages of a role that nobody has acked yet (a hint for scaling, never a proof). */
  workDepth(role: string): Promise<number>;

  commit(
    run: string,
    stage: string,
    task: string,
    data: Uint8Array,
  ): Promise<{ first: boolean; record: LedgerRecord }>;
  readLedger(run: string, stage: string, task: string): Promise<LedgerRecord | null>;
  /** All ledger records of a run, then new ones as they come. */
  watchLedger(run: string, signal: AbortSignal): AsyncIterable<LedgerRecord>;

  /** Takes a free or expired lease, or the one `holder` already has; null when another holder has it. */
  acquire(key: string, holder: string, ttlMs: number): Promise<Lease | null>;
  /** Same token, new revision. Throws LostLease. */
  renew(lease: Lease, ttlMs: number): Promise<Lease>;
  /** Gives it back at once; does nothing when it is not ours any more. */
  release(lease: Lease): Promise<void>;
  /** Leases now held whose key starts with `prefix`. */
  leases(prefix: string): Promise<LeaseInfo[]>;

  appendLinks(run: string, shard: number, data: Uint8Array, headers: Headers): Promise<number>;
  /** Link batches of one shard of one run. */
  readLinks(
    run: string,
    shard: number,
    fromSeq: number,
    signal: AbortSignal,
  ): AsyncIterable<LogMessage>;
  /** Removes the batches of a shard before `seq`. The one at `seq` stays, so that the shard is still one that has a log. */
  trimLinks(run: string, shard: number, seq: number): Promise<void>;
  /** Last sequence of the frontier log of each shard of a run that has one. */
  lastLinks(run: string): Promise<Map<number, number>>;

  /** Appends to the shard's ledger under `lease` (key `shard.<n>`). Throws LostLease. */
  appendCrawled(
    run: string,
    shard: number,
    data: Uint8Array,
    lease: Lease,
    headers: Headers,
  ): Promise<number>;
  /** All records of a shard from `fromSeq` (else the first one) up to now, in order. */
  readCrawled(run: string, shard: number, fromSeq?: number): Promise<LogMessage[]>;
  /** The last record of a shard, null when there is none. */
  lastCrawled(run: string, shard: number): Promise<LogMessage | null>;
  /** All records of all shards of a run, then new ones as they come. */
  watchCrawled(run: string, signal: AbortSignal): AsyncIterable<LogMessage>;

  /** Small state: the latest value of a key (`[A-Za-z0-9_=./-]+`), for `ttlMs` or, without it, until it is deleted. */
  putState(key: string, value: Uint8Array, ttlMs?: number): Promise<void>;
  getState(key: string): Promise<Uint8Array | null>;
  /**
   * Replaces the value of a key (null: there is none) by what `change` makes of it, unless somebody else was faster: then
   * `change` is called again, with the newer value. Null leaves it as it is. The value stays for `ttlMs` or, without it, until
   * it is deleted. After an answer that got lost, `change` may be called with what it wrote itself.
   */
  changeState(
    key: string,
    change: (value: Uint8Array | null) => Uint8Array | null,
    ttlMs?: number,
  ): Promise<void>;
  deleteState(key: string): Promise<void>;
  /** Keys and values under a prefix. */
  listState(prefix: string): Promise<Map<string, Uint8Array>>;

  /** Removes everything a run left here: work, ledger, links, shard ledgers, and small state under `of-run/<run>/`. */
  purgeRun(run: string): Promise<void>;
  close(): Promise<void>;
}

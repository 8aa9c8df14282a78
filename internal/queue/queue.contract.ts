// What every implementation of the queue must do. Each test uses a run of its own, so one server serves them all.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LostLease, Permanent } from "../std/errors.ts";
import type { Queue, WorkMessage } from "./queue.ts";

/** Two clients of one queue of at least 256 shards, whose workers may be silent for `ackWaitMs`. */
export type QueueHarness = {
  queue: Queue;
  other: Queue;
  ackWaitMs: number;
  /** Lets `ttlMs` go by for leases. */
  passTime(ttlMs: number): Promise<void>;
  close(): Promise<void>;
};

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array | undefined) => new TextDecoder().decode(data);
let runs = 0;
const newRun = () => `run-${process.pid}-${++runs}`;

/** The first `count` of what `open` yields, which is then ended. */
export async function take<T>(
  count: number,
  open: (signal: AbortSignal) => AsyncIterable<T>,
): Promise<T[]> {
  const end = new AbortController();
  const found: T[] = [];
  for await (const one of open(end.signal)) {
    found.push(one);
    if (found.length === count) end.abort();
  }
  return found;
}

/** The suite; `open` is called once. */
export function queueContract(name: string, open: () => Promise<QueueHarness>): void {
  describe(`queue contract: ${name}`, () => {
    let harness: QueueHarness;
    let queue: Queue;
    let other: Queue;
    beforeAll(async () => {
      harness = await open();
      ({ queue, other } = harness);
    });
    afterAll(async () => {
      await harness.close();
    });

    describe("work", () => {
      test("a task is queued once until it is acked", async () => {
        const run = newRun();
        const publish = () =>
          other.publishWork("etl", run, "t1", bytes("x"), { traceparent: "00" });
        expect(await publish()).toBe("queued");
        expect(await publish()).toBe("present");
        expect(await queue.workDepth("etl")).toBe(1);
        const [message] = await take(1, (signal) => queue.takeWork("etl", 1, signal));
        expect(message).toMatchObject({ run, task: "t1", deliveries: 1 });
        expect(message?.headers).toEqual({ traceparent: "00" });
        expect(text(message?.data)).toBe("x");
        await message?.ack();
        expect(await queue.workDepth("etl")).toBe(0);
        expect(await publish()).toBe("queued");
        await queue.purgeRun(run);
        expect(await queue.workDepth("etl")).toBe(0);
      });

      test("no more than maxInFlight are out at a time", async () => {
        const run = newRun();
        for (const task of ["a", "b", "c"]) {
          await queue.publishWork("process", run, task, bytes(task), {});
        }
        const end = new AbortController();
        const work = queue.takeWork("process", 2, end.signal)[Symbol.asyncIterator]();
        const first: WorkMessage = (await work.next()).value;
        const second: WorkMessage = (await work.next()).value;
        const thirdComing = work.next();
        const [elsewhere] = await take(1, (signal) => other.takeWork("process", 1, signal));
        expect(elsewhere?.task).toBe("c");
        elsewhere?.release(0);
        await first.ack();
        const third: WorkMessage = (await thirdComing).value;
        expect(third.task).toBe("c");
        expect(third.deliveries).toBe(2);
        await Promise.all([second.ack(), third.ack()]);
        end.abort();
        expect((await work.next()).done).toBe(true);
        expect(await queue.workDepth("process")).toBe(0);
      });

      test("a silent worker loses its task, one that extends keeps it", async () => {
        const run = newRun();
        await queue.publishWork("upload", run, "t", bytes("t"), {});
        const [lost] = await take(1, (signal) => queue.takeWork("upload", 1, signal));
        expect(lost?.deliveries).toBe(1);
        const [again] = await take(1, (signal) => other.takeWork("upload", 1, signal));
        expect(again?.deliveries).toBe(2);
        const keep = setInterval(() => again?.extend(), harness.ackWaitMs / 4);
        const tooEarly = new AbortController();
        const timer = setTimeout(() => tooEarly.abort(), harness.ackWaitMs * 2);
        const stolen: WorkMessage[] = [];
        for await (const message of queue.takeWork("upload", 1, tooEarly.signal))
          stolen.push(message);
        clearInterval(keep);
        clearTimeout(timer);
        expect(stolen).toEqual([]);
        await again?.ack();
        expect(await queue.workDepth("upload")).toBe(0);
      });

      test("a released task comes back after its delay", async () => {
        const run = newRun();
        await queue.publishWork("etl", run, "later", bytes("x"), {});
        const [message] = await take(1, (signal) => queue.takeWork("etl", 1, signal));
        const releasedMs = performance.now();
        message?.release(150);
        const [again] = await take(1, (signal) => queue.takeWork("etl", 1, signal));
        expect(performance.now() - releasedMs).toBeGreaterThan(100);
        await again?.ack();
      });
    });

    describe("ledger", () => {
      test("the first record wins, whoever writes it", async () => {
        const run = newRun();
        const writers = Array.from({ length: 10 }, (_, i) => (i % 2 ? queue : other));
        const results = await Promise.all(
          writers.map((writer, i) => writer.commit(run, "process", "t", bytes(`w${i}`))),
        );
        const winners = results.filter((result) => result.first);
        expect(winners).toHaveLength(1);
        const won = text(winners[0]?.record.data);
        for (const result of results) expect(text(result.record.data)).toBe(won);
        const read = await other.readLedger(run, "process", "t");
        expect(text(read?.data)).toBe(won);
        expect(read?.seq).toBe(winners[0]?.record.seq);
        expect(await queue.readLedger(run, "process", "none")).toBeNull();
      });

      test("watching gives what was there, then what comes, of that run only", async () => {
        const run = newRun();
        await queue.commit(run, "etl", "a", bytes("1"));
        await queue.commit(newRun(), "etl", "a", bytes("other"));
        const watched = take(3, (signal) => other.watchLedger(run, signal));
        await queue.commit(run, "etl", "b", bytes("2"));
        await queue.commit(run, "upload", "a", bytes("3"));
        const records = await watched;
        expect(records.map((record) => text(record.data))).toEqual(["1", "2", "3"]);
        expect(records.map((record) => `${record.stage}/${record.task}`)).toEqual([
          "etl/a",
          "etl/b",
          "upload/a",
        ]);
      });
    });

    describe("leases", () => {
      test("one holder at a time; tokens grow with every change", async () => {
        const key = `shard.${runs++}`;
        const first = await queue.acquire(key, "a", 60_000);
        expect(first).not.toBeNull();
        expect(await other.acquire(key, "b", 60_000)).toBeNull();
        expect(await queue.leases(key)).toEqual([{ key, holder: "a" }]);
        if (first === null) return;
        const renewed = await queue.renew(first, 60_000);
        expect(renewed.token).toBe(first.token);
        expect(renewed.revision).toBeGreaterThan(first.revision);
        await queue.release(first);
        expect(await queue.leases(key)).toEqual([]);
        const second = await other.acquire(key, "b", 60_000);
        expect(second?.token).toBeGreaterThan(first.token);
        await queue.release(renewed);
        expect(await other.leases(key)).toEqual([{ key, holder: "b" }]);
        await expect(queue.renew(renewed, 60_000)).rejects.toBeInstanceOf(LostLease);
      });

      test("only one of many gets a free lease", async () => {
        const key = `race.${newRun()}`;
        const taken = await Promise.all(
          Array.from({ length: 8 }, (_, i) =>
            (i % 2 ? queue : other).acquire(key, `h${i}`, 60_000),
          ),
        );
        expect(taken.filter((lease) => lease !== null)).toHaveLength(1);
      });

      test("a lease expires after its last renewal, and its token survives that", async () => {
        const key = `shard.x${newRun()}`;
        const lease = await queue.acquire(key, "a", 600_000);
        if (lease === null) throw new Error("not acquired");
        await queue.renew(lease, 1_000); // a shorter time counts from now on
        await harness.passTime(1_000);
        await expect.poll(() => queue.leases(key), { timeout: 5_000 }).toEqual([]);
        await expect(queue.renew(lease, 1_000)).rejects.toBeInstanceOf(LostLease);
        const next = await other.acquire(key, "b", 60_000);
        expect(next?.token).toBeGreaterThan(lease.token);
      });

      test("its holder may take it again", async () => {
        const key = `again.${newRun()}`;
        const before = await queue.acquire(key, "a", 60_000);
        const after = await other.acquire(key, "a", 60_000);
        expect(after?.token).toBeGreaterThan(before?.token ?? Number.NaN);
      });
    });

    describe("shard ledger", () => {
      test("a record needs the current lease: a zombie's is refused", async () => {
        const run = newRun();
        const shard = 7;
        const key = `shard.${shard}-${run}`;
        const zombie = await queue.acquire(key, "a", 1_000);
        if (zombie === null) throw new Error("not acquired");
        await queue.appendCrawled(run, shard, bytes("1"), zombie, {});
        await harness.passTime(1_000);
        await expect.poll(() => queue.leases(key), { timeout: 5_000 }).toEqual([]);
        const appendAsZombie = () => queue.appendCrawled(run, shard, bytes("z"), zombie, {});
        await expect(appendAsZombie()).rejects.toBeInstanceOf(LostLease);
        const owner = await other.acquire(key, "b", 60_000);
        if (owner === null) throw new Error("not acquired");
        await expect(appendAsZombie()).rejects.toBeInstanceOf(LostLease);
        await other.appendCrawled(run, shard, bytes("2"), owner, { traceparent: "t" });
        const records = await queue.readCrawled(run, shard);
        expect(records.map((record) => text(record.data))).toEqual(["1", "2"]);
        expect(records[1]).toMatchObject({ run, shard, headers: { traceparent: "t" } });
      });

      test("an append may carry the lease of before a renewal, and race with one", async () => {
        const run = newRun();
        const lease = await queue.acquire(`shard.8-${run}`, "a", 60_000);
        if (lease === null) throw new Error("not acquired");
        await queue.renew(lease, 60_000);
        const work: Promise<unknown>[] = [];
        for (let i = 0; i < 20; i++) {
          work.push(queue.appendCrawled(run, 8, bytes(`${i}`), lease, {}));
          if (i % 3 === 0) work.push(queue.renew(lease, 60_000));
        }
        await Promise.all(work);
        const records = await queue.readCrawled(run, 8);
        const expected = Array.from({ length: 20 }, (_, i) => `${i}`);
        expect(records.map((record) => text(record.data))).toEqual(expected);
      });

      test("a ledger is read from a sequence on, or its last record alone", async () => {
        const run = newRun();
        const lease = await queue.acquire(`shard.9-${run}`, "a", 60_000);
        if (lease === null) throw new Error("not acquired");
        expect(await other.lastCrawled(run, 9)).toBeNull();
        const seqs: number[] = [];
        for (const part of ["1", "2", "3"]) {
          seqs.push(await queue.appendCrawled(run, 9, bytes(part), lease, { traceparent: part }));
        }
        const read = async (fromSeq: number) =>
          (await other.readCrawled(run, 9, fromSeq)).map((record) => text(record.data));
        expect(await read(seqs[1] ?? 0)).toEqual(["2", "3"]);
        expect(await read((seqs[2] ?? 0) + 1)).toEqual([]);
        const last = await other.lastCrawled(run, 9);
        expect(last).toMatchObject({ run, shard: 9, seq: seqs[2], headers: { traceparent: "3" } });
        expect(text(last?.data)).toBe("3");
      });

      test("watching gives the records of all shards", async () => {
        const run = newRun();
        const watched = take(2, (signal) => other.watchCrawled(run, signal));
        for (const shard of [3, 250]) {
          const lease = await queue.acquire(`shard.${shard}-${run}`, "a", 60_000);
          if (lease === null) throw new Error("not acquired");
          await queue.appendCrawled(run, shard, bytes(`${shard}`), lease, {});
        }
        expect((await watched).map((record) => record.shard)).toEqual([3, 250]);
      });
    });

    describe("frontier log", () => {
      test("batches of one shard in order, from a sequence on", async () => {
        const run = newRun();
        const seqs: number[] = [];
        for (const part of ["a", "b", "c"]) {
          seqs.push(await queue.appendLinks(run, 1, bytes(part), {}));
          await queue.appendLinks(run, 2, bytes("elsewhere"), {});
        }
        const all = await take(3, (signal) => other.readLinks(run, 1, 1, signal));
        expect(all.map((batch) => text(batch.data))).toEqual(["a", "b", "c"]);
        expect(all.map((batch) => batch.seq)).toEqual(seqs);
        const rest = await take(1, (signal) => other.readLinks(run, 1, seqs[2] ?? 0, signal));
        expect(rest.map((batch) => text(batch.data))).toEqual(["c"]);
        const last = await queue.lastLinks(run);
        expect([...last.keys()].sort()).toEqual([1, 2]);
        expect(last.get(1)).toBe(seqs[2]);
      });

      test("a trimmed log keeps the batch it is trimmed to, and all behind it, also when that is its last", async () => {
        const run = newRun();
        const seqs: number[] = [];
        for (const part of ["a", "b", "c"]) {
          seqs.push(await queue.appendLinks(run, 3, bytes(part), {}));
          await queue.appendLinks(run, 4, bytes("elsewhere"), {});
        }
        const [, second = 0, third = 0] = seqs;
        await queue.trimLinks(run, 3, 0);
        expect(await take(3, (signal) => other.readLinks(run, 3, 1, signal))).toHaveLength(3);
        await queue.trimLinks(run, 3, second);
        const left = await take(2, (signal) => other.readLinks(run, 3, 1, signal));
        expect(left.map((batch) => text(batch.data))).toEqual(["b", "c"]);
        await queue.trimLinks(run, 3, third);
        await queue.trimLinks(run, 3, second);
        expect((await other.lastLinks(run)).get(3)).toBe(third);
        const next = await queue.appendLinks(run, 3, bytes("d"), {});
        const rest = await take(1, (signal) => other.readLinks(run, 3, third + 1, signal));
        expect(rest.map((batch) => [batch.seq, text(batch.data)])).toEqual([[next, "d"]]);
        const others = await take(3, (signal) => other.readLinks(run, 4, 1, signal));
        expect(others).toHaveLength(3);
      });

      test("a waiting reader returns when its signal is aborted", async () => {
        const end = new AbortController();
        const reader = queue.readLinks(newRun(), 1, 1, end.signal)[Symbol.asyncIterator]();
        const waiting = reader.next();
        end.abort();
        expect((await waiting).done).toBe(true);
      });
    });

    describe("state", () => {
      test("the latest value of a key, and keys by prefix", async () => {
        const folder = `s/${newRun()}`;
        await queue.putState(`${folder}/a.b-c_d=`, bytes("1"));
        await queue.putState(`${folder}/a.b-c_d=`, bytes("2"));
        await queue.putState(`${folder}/ab//x/`, bytes("3"));
        expect(text((await other.getState(`${folder}/a.b-c_d=`)) ?? undefined)).toBe("2");
        expect(await other.getState(`${folder}/none`)).toBeNull();
        expect([...(await other.listState(`${folder}/a`)).keys()].sort()).toEqual([
          `${folder}/a.b-c_d=`,
          `${folder}/ab//x/`,
        ]);
        expect([...(await other.listState(`${folder}/ab`)).keys()]).toEqual([`${folder}/ab//x/`]);
        await queue.deleteState(`${folder}/a.b-c_d=`);
        expect(await other.getState(`${folder}/a.b-c_d=`)).toBeNull();
      });

      test("changes made by many at once are all made, each on top of another", async () => {
        const key = `s/${newRun()}`;
        const add = (by: Queue, name: string) =>
          by.changeState(key, (value) => bytes(`${text(value ?? bytes(""))}${name}`));
        await Promise.all([..."abcdef"].map((name, n) => add(n % 2 ? queue : other, name)));
        const all = text((await other.getState(key)) ?? undefined);
        expect([...all].sort().join("")).toBe("abcdef");
        await queue.changeState(key, () => null);
        expect(text((await other.getState(key)) ?? undefined)).toBe(all);
        await queue.deleteState(key);
        await add(queue, "again");
        expect(text((await other.getState(key)) ?? undefined)).toBe("again");
      });

      test("a value with a time of its own goes when that is over, unless it is written again", async () => {
        const folder = `s/${newRun()}`;
        await queue.putState(`${folder}/goes`, bytes("1"));
        await queue.changeState(`${folder}/goes`, () => bytes("2"), 1_000);
        await queue.putState(`${folder}/stays`, bytes("1"), 1_000);
        await queue.putState(`${folder}/stays`, bytes("2"));
        expect((await other.listState(folder)).size).toBe(2);
        await harness.passTime(1_000);
        await expect.poll(() => other.getState(`${folder}/goes`), { timeout: 5_000 }).toBeNull();
        expect([...(await other.listState(folder)).keys()]).toEqual([`${folder}/stays`]);
      });
    });

    test("a purged run leaves nothing, and other runs all they have", async () => {
      const [gone, stays] = [newRun(), newRun()];
      for (const run of [gone, stays]) {
        await queue.publishWork("process", run, "t", bytes("x"), {});
        await queue.commit(run, "process", "t", bytes("x"));
        await queue.appendLinks(run, 1, bytes("x"), {});
        const lease = await queue.acquire(`shard.1-${run}`, "a", 60_000);
        if (lease !== null) await queue.appendCrawled(run, 1, bytes("x"), lease, {});
      }
      await queue.putState(`of-run/${gone}/k`, bytes("v"));
      await queue.purgeRun(gone);
      expect((await queue.listState(`of-run/${gone}/`)).size).toBe(0);
      expect(await queue.readLedger(gone, "process", "t")).toBeNull();
      expect((await queue.lastLinks(gone)).size).toBe(0);
      expect(await queue.readCrawled(gone, 1)).toEqual([]);
      expect(await queue.workDepth("process")).toBe(1);
      expect(await queue.readLedger(stays, "process", "t")).not.toBeNull();
      expect((await queue.lastLinks(stays)).size).toBe(1);
      expect(await queue.readCrawled(stays, 1)).toHaveLength(1);
      await queue.purgeRun(stays);
    });

    test("what does not fit is refused before it is sent", async () => {
      const run = newRun();
      const large = new Uint8Array(900_001);
      await expect(queue.appendLinks(run, 1, large, {})).rejects.toBeInstanceOf(Permanent);
      await expect(queue.appendLinks(run, 256, bytes("x"), {})).rejects.toBeInstanceOf(Permanent);
      await expect(queue.commit("a.b", "s", "t", bytes("x"))).rejects.toBeInstanceOf(Permanent);
      await expect(queue.putState("a b", bytes("x"))).rejects.toBeInstanceOf(Permanent);
      await expect(queue.acquire("a..b", "h", 1)).rejects.toBeInstanceOf(Permanent);
    });
  });
}

// Faults of a body that is written away while it comes: whatever ends it, it is told of once, and its place is given up.
import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { FetchFault } from "./fetch-fault.ts";
import { Receiver } from "./receiver.ts";
import type { Spill } from "./spill.ts";

type Controller = Parameters<Receiver["onResponseData"]>[0];

/** A receiver of `maxBytes` that spills above 10, and all that is told of it, in order. `isSlow`: every write must be waited for. */
function receiving(maxBytes: number, { coding = "", isSlow = false } = {}) {
  const told: string[] = [];
  const written: Buffer[] = [];
  let spill: Parameters<Spill["open"]>[0] | null = null;
  let finish = () => {};
  const { promise: settled, resolve } = Promise.withResolvers<void>();
  const controller = {
    pause: () => void told.push("pause"),
    resume: () => void told.push("resume"),
    abort: () => void told.push("abort"),
  } as unknown as Controller;
  const receiver = new Receiver(
    maxBytes,
    {
      aboveBytes: 10,
      open: (events) => {
        spill = events;
        return {
          write: (chunk) => written.push(chunk) > 0 && !isSlow,
          end: (done) => {
            told.push("sink ends");
            finish = done;
            resolve();
          },
          destroy: () => void told.push("sink given up"),
        };
      },
    },
    {
      onSent: () => {},
      wantsBody: () => true,
      onFree: (isClean) => void told.push(`free ${isClean ? "clean" : "cut"}`),
      onEnd: ({ body, truncated }) =>
        void told.push(`end ${body.length}${truncated ? " truncated" : ""}`),
      onFault: (error) => {
        told.push(`fault ${error instanceof FetchFault ? error.kind : String(error)}`);
        resolve();
      },
    },
  );
  receiver.onRequestStart(controller);
  const headers: Record<string, string> = coding === "" ? {} : { "content-encoding": coding };
  receiver.onResponseStart(controller, 200, headers);
  return {
    told,
    settled,
    written: () => Buffer.concat(written),
    take: (bytes: Buffer) => receiver.onResponseData(controller, bytes),
    end: () => receiver.onResponseEnd(),
    breakOff: () => receiver.onResponseError(controller, new Error("closed")),
    drain: () => spill?.onDrain(),
    fill: () => spill?.onFault(new FetchFault("broken", "ENOSPC")),
    finish: () => finish(),
  };
}

test("a body is cut at its limit, and ends when what there is of it is written", () => {
  const one = receiving(100);
  one.take(Buffer.alloc(60, 1));
  one.take(Buffer.alloc(60, 2));
  one.take(Buffer.alloc(60, 3));
  one.breakOff();
  expect(one.told).toEqual(["sink ends", "free cut", "abort"]);
  one.finish();
  expect(one.told.slice(3)).toEqual(["end 0 truncated"]);
  expect(one.written()).toEqual(Buffer.concat([Buffer.alloc(60, 1), Buffer.alloc(40, 2)]));
});

test("a full disk ends the request, once", () => {
  const one = receiving(100);
  one.take(Buffer.alloc(60));
  one.fill();
  one.take(Buffer.alloc(20));
  one.end();
  expect(one.told).toEqual(["sink given up", "free cut", "fault broken", "abort"]);
});

test("a disk that is full when all has come is a fault, too", () => {
  const one = receiving(100);
  one.take(Buffer.alloc(60));
  one.end();
  one.fill();
  one.finish();
  expect(one.told).toEqual(["free clean", "sink ends", "sink given up", "fault broken", "abort"]);
});

test("a body that ends early is no body", () => {
  const one = receiving(100);
  one.take(Buffer.alloc(60));
  one.breakOff();
  one.finish();
  expect(one.told).toEqual(["sink given up", "free cut", "fault Error: closed"]);
});

test("what cannot be written yet is not asked for", () => {
  const one = receiving(100, { isSlow: true });
  one.take(Buffer.alloc(5));
  one.take(Buffer.alloc(20));
  expect(one.told).toEqual(["pause"]);
  one.drain();
  expect(one.told).toEqual(["pause", "resume"]);
});

const withoutWaiting = (told: readonly string[]) =>
  [...new Set(told)].filter((each) => !/pause|resume/.test(each));

test("a packed body is cut at its limit after unpacking", async () => {
  const bytes = randomBytes(200_000);
  const one = receiving(150_000, { coding: "gzip" });
  one.take(gzipSync(bytes));
  await one.settled;
  one.finish();
  expect(withoutWaiting(one.told)).toEqual(["sink ends", "free cut", "abort", "end 0 truncated"]);
  expect(one.written().equals(bytes.subarray(0, 150_000))).toBe(true);
});

test("a packed body that ends early is damaged", async () => {
  const one = receiving(1_000_000, { coding: "gzip" });
  one.take(gzipSync(randomBytes(200_000)).subarray(0, 150_000));
  one.end();
  await one.settled;
  one.finish();
  expect(withoutWaiting(one.told)).toEqual([
    "free clean",
    "sink given up",
    "abort",
    "fault decode",
  ]);
});

test("a disk that is full when a packed body has come is a fault, too", async () => {
  const one = receiving(1_000_000, { coding: "gzip" });
  one.take(gzipSync(randomBytes(200_000)));
  one.end();
  await one.settled;
  one.fill();
  one.finish();
  expect(withoutWaiting(one.told)).toEqual([
    "free clean",
    "sink ends",
    "sink given up",
    "abort",
    "fault broken",
  ]);
});

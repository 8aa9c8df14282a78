import { EventEmitter } from "node:events";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { drainOnSignal, type ProcessLike } from "./drain.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const events = new EventEmitter();
  const told: string[] = [];
  const exits: number[] = [];
  const target: ProcessLike = {
    on: (event, listener) => events.on(event, listener),
    off: (event, listener) => events.off(event, listener),
    exit: (code) => exits.push(code),
  };
  const drain = drainOnSignal(target, {
    graceMs: 1_000,
    onDrain: () => told.push(`ready=${!drain.signal.aborted}`),
    log: { info: (event) => told.push(event), error: (event) => told.push(event) },
  });
  return { drain, told, exits, signal: (name: string) => events.emit(name, name), events };
}

test("the real process fits", () => {
  const listeners = process.listenerCount("SIGTERM");
  const log = { info: () => {}, error: () => {} };
  const drain = drainOnSignal(process, { graceMs: 1, onDrain: () => {}, log });
  expect(process.listenerCount("SIGTERM")).toBe(listeners + 1);
  drain.end();
  expect(process.listenerCount("SIGTERM")).toBe(listeners);
});

test("the first signal begins the drain and the second ends the process with 130", () => {
  const { drain, told, exits, signal } = open();
  expect(drain.signal.aborted).toBe(false);
  signal("SIGTERM");
  expect(drain.signal.aborted).toBe(true);
  expect(told).toEqual(["drain.begin", "ready=true"]);
  expect(exits).toEqual([]);
  signal("SIGINT");
  expect(exits).toEqual([130]);
});

test("the deadline ends the process with 1", () => {
  const { told, exits, signal } = open();
  signal("SIGINT");
  vi.advanceTimersByTime(999);
  expect(exits).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(exits).toEqual([1]);
  expect(told).toContain("drain.deadline");
});

test("after the end there is no deadline and no handler", () => {
  const { drain, exits, events } = open();
  drain.begin("parent gone");
  drain.begin("again");
  drain.end();
  vi.advanceTimersByTime(5_000);
  expect(exits).toEqual([]);
  expect(events.listenerCount("SIGTERM") + events.listenerCount("SIGINT")).toBe(0);
});

import { expect, test } from "vitest";
import { Fatal, LostLease, Permanent, RetryLater, UsageError } from "../std/errors.ts";
import { exitCodeOf, explain, jobExitCodeOf } from "./exit-code.ts";

test("exit codes say who must act", () => {
  expect(exitCodeOf(new UsageError("unknown key", "p.yaml:1:2", "remove it"))).toBe(2);
  expect(exitCodeOf(new LostLease("renew shard 3"))).toBe(75);
  for (const error of [new Fatal("x"), new Permanent("x"), new RetryLater("x", 1), "x", null]) {
    expect(exitCodeOf(error)).toBe(1);
  }
});

test("a Job tries again what another attempt may heal, and nothing else", () => {
  expect(jobExitCodeOf(new UsageError("unknown key", "p.yaml:1:2", "remove it"))).toBe(2);
  expect(jobExitCodeOf(new Permanent("the SQL is wrong"))).toBe(1);
  for (const error of [new LostLease("x"), new Fatal("no queue"), new TypeError("x"), null])
    expect(jobExitCodeOf(error)).toBe(75);
});

test("a usage error tells what, where and what to do", () => {
  expect(
    explain(new UsageError('unknown key "tabel"', "p.yaml:3:5", 'did you mean "table"?')),
  ).toBe('onpoint: p.yaml:3:5: unknown key "tabel"\n  did you mean "table"?');
});

test("a foreseen error is told with its causes, without a stack and without secrets", () => {
  const cause = new Error("connect nats://me:pw@host:4222 refused");
  expect(explain(new Fatal("open the queue", { cause }))).toBe(
    "onpoint: open the queue: connect nats://***@host:4222 refused",
  );
});

test("an unforeseen error tells where it comes from", () => {
  expect(explain(new TypeError("x is not a function"))).toMatch(
    /^onpoint: unexpected TypeError: x is not a function\n {2}at .*exit-code\.test\.ts/,
  );
  expect(explain("just text")).toBe("onpoint: just text");
});

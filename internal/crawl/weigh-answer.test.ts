import { expect, test } from "vitest";
import { FetchFault } from "../fetch/fetch-fault.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import type { QueuedLink } from "../frontier/shard-frontier.ts";
import { weighAnswer, weighFault } from "./weigh-answer.ts";

const entry = (attempts = 0, calm = 0): QueuedLink => ({
  link: { url: "https://a.test/", source: "s", kind: "page", depth: 0, priority: 0 },
  attempts,
  calm,
});
const answer = (status: number, headers: Record<string, string> = {}): Exchange => ({
  status,
  headers,
  statusText: "",
  rawHeaders: [],
  httpVersion: "1.1",
  ip: null,
  request: { method: "GET", target: "/", headers: [], body: null },
  body: Buffer.alloc(0),
  truncated: false,
  firstByteMs: 1,
  totalMs: 1,
});
const wait = { "retry-after": "7" };
const usedUp = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "6" };
const told = { kind: "retry-after", afterMs: 7_000 };
const free = { kind: "again", costs: false };
const costly = { kind: "again", costs: true };
const dead = expect.objectContaining({ kind: "dead" });

test.each([
  ["200", answer(200), entry(), { kind: "ok" }, { kind: "read" }],
  ["204", answer(204), entry(), { kind: "ok" }, { kind: "read" }],
  ["200 with Retry-After", answer(200, wait), entry(), { kind: "ok" }, { kind: "read" }],
  ["301", answer(301, { location: "/x" }), entry(), { kind: "ok" }, { kind: "redirect" }],
  ["302 told", answer(302, { location: "/x", ...wait }), entry(), told, { kind: "redirect" }],
  ["301 to nowhere", answer(301), entry(), { kind: "ok" }, dead],
  ["404", answer(404), entry(), { kind: "ok" }, dead],
  ["403 told", answer(403, wait), entry(), told, dead],
  ["408", answer(408), entry(), { kind: "fault" }, costly],
  ["429 told", answer(429, wait), entry(9), told, free],
  ["429 told too often", answer(429, wait), entry(0, 30), told, dead],
  ["429", answer(429), entry(9), { kind: "busy" }, free],
  ["429 too often", answer(429), entry(0, 5), { kind: "busy" }, dead],
  ["429 malformed", answer(429, { "retry-after": "soon" }), entry(), { kind: "busy" }, free],
  ["503 told", answer(503, wait), entry(9), told, free],
  ["503", answer(503), entry(9), { kind: "busy" }, free],
  ["503 too often", answer(503), entry(0, 5), { kind: "busy" }, dead],
  ["429 with a limit that is used up", answer(429, usedUp), entry(), told, free],
  ["403 with a limit that is used up", answer(403, usedUp), entry(), told, free],
  [
    "403 with one that is not",
    answer(403, { ...usedUp, "x-ratelimit-remaining": "3" }),
    entry(),
    { kind: "ok" },
    dead,
  ],
  ["500", answer(500), entry(1), { kind: "fault" }, costly],
  ["500 spent", answer(500), entry(2), { kind: "fault" }, dead],
  ["502 told", answer(502, wait), entry(), told, costly],
])("%s", (_, received, link, gate, outcome) => {
  expect(weighAnswer(received, link, 2, 1_000_000)).toEqual({ gate, link: outcome });
});

test("a fault costs an attempt, until they are spent; the reason says how many there were", () => {
  const fault = new FetchFault("timeout", "no answer");
  expect(weighFault(fault, entry(1), 2)).toEqual({ gate: { kind: "fault" }, link: costly });
  expect(weighFault(fault, entry(2, 3), 2).link).toEqual({
    kind: "dead",
    reason: "no answer after 6 attempts",
  });
});

import { expect, test } from "vitest";
import { openLog, prettyLine } from "./log.ts";

function open(pretty: boolean, level = "info") {
  const lines: string[] = [];
  return {
    lines,
    log: openLog({
      role: "crawl",
      level,
      pretty,
      to: { write: (line: string) => lines.push(line) },
    }),
  };
}

test("a line is one JSON object with time, level, role, event and fields", () => {
  const { lines, log } = open(false);
  log.child({ shard: 3 }).info("shard.taken", { host: "a.test" });
  expect(JSON.parse(lines[0] ?? "")).toEqual({
    level: "info",
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    role: "crawl",
    event: "shard.taken",
    shard: 3,
    host: "a.test",
  });
  expect(lines[0]).toMatch(/\n$/);
});

test("a lower level than asked for is not written", () => {
  const { lines, log } = open(false, "warn");
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  expect(lines).toHaveLength(2);
});

test("secrets do not reach the log, nor what the log was told to hide", () => {
  const { lines, log } = open(false);
  log.hide("hunter22");
  const cause = new Error("https://u:pw@host.test/?token=abc");
  log.child({ who: "x" }).error("fetch.failed", {
    headers: { authorization: "Bearer zzz" },
    error: new Error("GET with hunter22", { cause }),
  });
  expect(lines[0]).not.toMatch(/hunter22|pw@|abc|zzz/);
  expect(JSON.parse(lines[0] ?? "")).toMatchObject({
    headers: { authorization: "***" },
    error: "GET with ***: https://***@host.test/?token=***",
  });
});

test("a terminal gets a short line", () => {
  const { lines, log } = open(true);
  log.warn("lease.lost", { shard: 3, why: "too slow", hosts: ["a", "b"] });
  expect(lines[0]).toMatch(
    /^\d\d:\d\d:\d\d warn crawl lease\.lost shard=3 why="too slow" hosts=\["a","b"\]\n$/,
  );
  const time = "2026-01-02T03:04:05.000Z";
  expect(
    prettyLine({ time, level: "info", role: "etl", event: "e", trace_id: "t", n: null }),
  ).toMatch(/^\d\d:\d\d:\d\d etl e n=null\n$/);
});

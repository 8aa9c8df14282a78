// One trace per chain of tasks, over all roles, linked to the run's span.
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type OtlpReceiver,
  type ReceivedSpan,
  startOtlpReceiver,
} from "../support/otlp-receiver.ts";
import { freshFolder, runOnpoint } from "../support/run-onpoint.ts";
import { type SmallWorld, startSmallWorld, writeWorldPipeline } from "../support/small-world.ts";

let world: SmallWorld;
let collector: OtlpReceiver;
beforeAll(async () => {
  world = await startSmallWorld();
  collector = await startOtlpReceiver();
});
afterAll(async () => {
  await world?.stop();
  await collector?.close();
});

const parentsOf = (span: ReceivedSpan, spans: readonly ReceivedSpan[]): string[] => {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return parent === undefined ? [] : [parent.name, ...parentsOf(parent, spans)];
};

test("from source to Parquet is one trace per source, and every root links to the run", {
  timeout: 90_000,
}, async () => {
  await using folder = await freshFolder();
  const pipeline = await writeWorldPipeline(folder.path, world.port);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  };
  const { code, stderr } = await runOnpoint(
    folder.path,
    ["run", pipeline, "--date", "2026-01-01"],
    env,
  );
  expect(code, stderr.slice(-4_000)).toBe(0);
  const spans = collector.spans();
  const [run, ...others] = spans.filter(({ name }) => name === "run");
  expect(others).toEqual([]);
  const named = (name: string) => spans.filter((span) => span.name === name);
  for (const crawled of named("process task").filter((span) =>
    /^(items|site)-/.test(String(span.attributes["onpoint.task"])),
  )) {
    expect(parentsOf(crawled, spans)).toContain("crawl segment");
    const kind = String(crawled.attributes["onpoint.task"]).startsWith("items") ? "api" : "web";
    expect(parentsOf(crawled, spans).at(-1)).toBe(`source ${kind}`);
  }
  expect(named("process task")).toHaveLength(3);
  expect(named("etl task").map((span) => parentsOf(span, spans))).toEqual([["run"]]);
  expect(named("upload task").length).toBeGreaterThan(0);
  for (const root of ["source api", "source web", "source files"].flatMap(named)) {
    expect(root.links).toContainEqual({ traceId: run?.traceId, spanId: run?.spanId });
    expect(root.parentSpanId).toBeNull();
  }
  const sum = (name: string, table: string) =>
    collector
      .metrics()
      .filter((metric) => metric.name === name && metric.attributes.table === table)
      .at(-1)?.value;
  expect(sum("onpoint.rows", "orders")).toBe(world.expected.orders);
  const services = new Set(spans.map(({ service }) => service));
  for (const role of ["coordinator", "crawl", "process", "etl", "upload"])
    expect(services).toContain(`onpoint-${role}`);
});

test("without an endpoint nothing is sent", { timeout: 90_000 }, async () => {
  const before = collector.requests().length;
  await using folder = await freshFolder();
  const pipeline = await writeWorldPipeline(folder.path, world.port);
  const { code } = await runOnpoint(folder.path, [
    "run",
    pipeline,
    "--date",
    "2026-01-02",
    "--only",
    "orders",
  ]);
  expect(code).toBe(0);
  expect(collector.requests().length).toBe(before);
});

import { execFile } from "node:child_process";
import { createServer, type Server } from "node:net";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { type OtlpReceiver, startOtlpReceiver } from "../support/otlp-receiver.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const parentId = "b7ad6b7169203331";
const linkTraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const linkId = "00f067aa0ba902b7";

type Answer = {
  enabled: boolean;
  headers: Record<string, string>;
  packages: string[];
  shutdownMs: number;
};

const run = promisify(execFile);
let receiver: OtlpReceiver | null = null;
let deaf: Server | null = null;
afterEach(async () => {
  await receiver?.close();
  deaf?.close();
  receiver = null;
  deaf = null;
});

async function tracedProcess(env: Record<string, string>) {
  const script = new URL("../support/traced-process.ts", import.meta.url).pathname;
  const { stdout, stderr } = await run(process.execPath, [script], {
    env: {
      TEST_PARENT: `00-${traceId}-${parentId}-01`,
      TEST_LINK: `00-${linkTraceId}-${linkId}-01`,
      ...env,
    },
  });
  // Anything else on stdout would spoil the command's JSON.
  return { answer: JSON.parse(stdout) as Answer, stderr };
}

test("without a collector no SDK is loaded and nothing is carried", async () => {
  const { answer, stderr } = await tracedProcess({});
  expect(answer.enabled).toBe(false);
  expect(answer.headers).toEqual({});
  expect(answer.packages.filter((name) => name.startsWith("@opentelemetry/"))).toEqual([
    "@opentelemetry/api",
  ]);
  expect(JSON.parse(stderr)).not.toHaveProperty("trace_id");
});

test("spans arrive with parent and link, metrics and logs with them, by http/json", async () => {
  receiver = await startOtlpReceiver();
  const { answer, stderr } = await tracedProcess({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
  });
  expect(answer.enabled).toBe(true);
  expect(answer.shutdownMs).toBeLessThan(5_000);

  const spans = receiver.spans();
  expect(spans).toHaveLength(2);
  const task = spans.find((span) => span.name === "process task");
  expect(task).toMatchObject({
    service: "onpoint-crawl",
    traceId,
    parentSpanId: parentId,
    kind: 5,
    attributes: { "messaging.system": "nats" },
    links: [{ traceId: linkTraceId, spanId: linkId }],
    status: 0,
  });
  expect(answer.headers).toEqual({ traceparent: `00-${traceId}-${task?.spanId}-01` });
  expect(spans.find((span) => span.name === "publish task")).toMatchObject({
    traceId,
    parentSpanId: task?.spanId,
    kind: 4,
    attributes: { "error.type": "TypeError" },
    status: 2,
    statusMessage: "http://***@host.test/ is down",
  });
  expect(receiver.metrics()).toContainEqual({
    service: "onpoint-crawl",
    name: "onpoint.test.pages",
    attributes: { source: "quotes" },
    value: 3,
  });
  expect(receiver.logs()).toEqual([
    {
      service: "onpoint-crawl",
      text: "task.done",
      level: "info",
      traceId,
      attributes: { rows: 7, url: "http://***@host.test/" },
    },
  ]);
  expect(JSON.parse(stderr)).toMatchObject({ trace_id: traceId, span_id: task?.spanId });
});

test("http/protobuf is the default, and a signal nobody asked for is not sent", async () => {
  receiver = await startOtlpReceiver();
  await tracedProcess({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces` });
  expect(receiver.requests()).toEqual([
    { path: "/v1/traces", contentType: "application/x-protobuf", sizeBytes: expect.any(Number) },
  ]);
});

test("a collector that never answers holds up the end for 5 s, not longer", async () => {
  const silent = createServer();
  deaf = silent;
  const { promise, resolve } = Promise.withResolvers<number>();
  silent.listen(0, "127.0.0.1", () => {
    const address = silent.address();
    resolve(typeof address === "object" && address ? address.port : 0);
  });
  const { answer } = await tracedProcess({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${await promise}/v1/traces`,
  });
  expect(answer.shutdownMs).toBeGreaterThan(4_000);
  expect(answer.shutdownMs).toBeLessThan(6_500);
});

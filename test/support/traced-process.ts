// The process of test/integration/telemetry.test.ts: does a little traced work and tells which packages it loaded.
import { registerHooks } from "node:module";

const loaded = new Set<string>();
registerHooks({
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(resolved.url)?.[1];
    if (name) loaded.add(name);
    return resolved;
  },
});

const { startTelemetry } = await import("../../internal/telemetry/telemetry.ts");
const { injectHeaders, inSpan } = await import("../../internal/telemetry/trace.ts");
const { counter } = await import("../../internal/telemetry/meter.ts");
const { openLog } = await import("../../internal/telemetry/log.ts");

const pages = counter("onpoint.test.pages", "{page}", "pages");
const telemetry = await startTelemetry({ role: "crawl", instance: "pod-1", env: process.env });
const log = openLog({ role: "crawl", level: "info", pretty: false });

const parent = { traceparent: process.env.TEST_PARENT ?? "" };
const link = { traceparent: process.env.TEST_LINK ?? "" };
const headers = await inSpan(
  "process task",
  { kind: "consumer", attributes: { "messaging.system": "nats" }, parent, links: [link] },
  async () => {
    pages(3, { source: "quotes" });
    log.info("task.done", { rows: 7, url: "http://u:p@host.test/" });
    return injectHeaders();
  },
);
await inSpan("publish task", { kind: "producer", parent: headers }, () =>
  Promise.reject(new TypeError("http://u:p@host.test/ is down")),
).catch(() => undefined);

const startedMs = performance.now();
await telemetry.shutdown();
const shutdownMs = performance.now() - startedMs;
const packages = [...loaded].sort();
const answer = JSON.stringify({ enabled: telemetry.enabled, headers, packages, shutdownMs });
// As the commands do: an export that hangs must not keep the process.
process.stdout.write(`${answer}\n`, () => process.exit(0));

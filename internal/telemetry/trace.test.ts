import { expect, test } from "vitest";
import { emitLogRecord } from "./log-record.ts";
import { counter, histogram, secondsBuckets } from "./meter.ts";
import { activeTrace, injectHeaders, inSpan } from "./trace.ts";

test("without an SDK a span runs its body, passes errors on, and adds no headers", async () => {
  const parent = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
  const answer = await inSpan(
    "process task",
    { kind: "consumer", parent, links: [parent, {}] },
    () => Promise.resolve([injectHeaders(), activeTrace()]),
  );
  expect(answer).toEqual([{}, null]);
  const failing = inSpan("process task", {}, () => Promise.reject(new Error("no")));
  await expect(failing).rejects.toThrow("no");
});

test("without an SDK metrics and log records go nowhere", () => {
  counter("onpoint.test.pages", "{page}", "pages")(1, { source: "a" });
  histogram("onpoint.test.duration", "s", "duration", secondsBuckets)(0.2);
  emitLogRecord("info", "test.event", { list: [1], nothing: null });
});

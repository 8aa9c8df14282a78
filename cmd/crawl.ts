// `onpoint crawl`: the entry point of a crawl pod.
import { openFetcher } from "../internal/fetch/fetch-page.ts";
import { shardsToRaw } from "../internal/flow/shards-to-raw.ts";
import { injectHeaders, inSpan } from "../internal/telemetry/trace.ts";
import { withPod } from "./open-pod.ts";

export function crawlCommand(): Promise<number> {
  return withPod("crawl", async (pod) => {
    const fetcher = openFetcher();
    const { shards, leaseTtlMs, segmentMs, segmentBytes, userAgent, maxInFlight } = pod.settings;
    try {
      await shardsToRaw(
        {
          worker: pod.name,
          queue: pod.queue,
          fetcher,
          activeRuns: pod.activeRuns,
          lakeOf: pod.lakeOf,
          pipelineOf: pod.pipelineOf,
          scratch: pod.scratch,
          settings: { shards, leaseTtlMs, segmentMs, segmentBytes, userAgent, maxInFlight },
          trace: (parent, { shard, run }, body) =>
            inSpan(
              "crawl segment",
              {
                kind: "consumer",
                parent,
                links: [run.trace],
                attributes: { "onpoint.run": run.token, "onpoint.shard": shard },
              },
              () => body(injectHeaders()),
            ),
          onBusy: (busy) => pod.parent?.send({ kind: "busy", busy }),
          log: pod.log,
        },
        pod.signal,
      );
    } finally {
      await fetcher.close();
    }
    return 0;
  });
}

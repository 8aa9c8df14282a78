// `onpoint crawl`: the entry point of a crawl pod.
import { readReplays } from "../internal/catalog/replays.ts";
import { openFetcher } from "../internal/fetch/fetch-page.ts";
import { shardsToRaw } from "../internal/flow/shards-to-raw.ts";
import { seedsOf } from "../internal/flow/targets-to-shards.ts";
import type { FrontierLink } from "../internal/model/link.ts";
import { chosenSources } from "../internal/pipeline/chosen-sources.ts";
import { readHighWaterPin } from "../internal/recrawl/high-water.ts";
import { injectHeaders, inSpan } from "../internal/telemetry/trace.ts";
import { withPod } from "./open-pod.ts";

export function crawlCommand(): Promise<number> {
  return withPod("crawl", async (pod) => {
    const fetcher = openFetcher();
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
          rootsOf: async (run) => {
            const sources = chosenSources(pod.pipelineOf(run), run.only);
            const lake = await pod.lakeOf(run);
            const replays = await readReplays(lake, run.token);
            const seeds: FrontierLink[] = [];
            for (const source of sources) {
              if (source.kind === "files") continue;
              const from = await readHighWaterPin(lake, run.token, source.name);
              seeds.push(...seedsOf(source, from));
            }
            return [...seeds, ...replays.flatMap((replay) => replay.links)];
          },
          settings: pod.settings,
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

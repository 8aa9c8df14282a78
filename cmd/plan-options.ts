// What `onpoint plan` needs to know beside the file: the settings, the day, and how models are put in order.
import type { Pipeline } from "../internal/model/pipeline.ts";
import { openObjects } from "../internal/objects/open-objects.ts";
import { readSettings } from "../internal/pod/settings.ts";
import { loadModels, loadSnapshots } from "./load-models.ts";
import { s3Options } from "./open-pod.ts";
import type { PlanOptions } from "./plan.ts";
import { lakeUrl } from "./prepare-run.ts";
import { withScratch } from "./scratch-folder.ts";

export type PlanFlags = { date?: string; runId?: string; lake?: string; config?: string };

/** From the command line and the environment. Throws UsageError for a setting that is wrong. */
export function planOptions(flags: PlanFlags): PlanOptions {
  const settings = readSettings(process.env);
  const cwd = process.cwd();
  /** Tables there are already may be read by models; a lake in a bucket is not asked, so any table may be there then. */
  const orderModels = async (pipeline: Pipeline) => {
    const given = flags.lake ?? settings.lake;
    const lake = await openObjects(
      given === null ? pipeline.lake : lakeUrl(given, cwd),
      s3Options(settings),
    );
    try {
      const snapshots = lake.url.startsWith("file:") ? await loadSnapshots(lake) : null;
      const ordered = await withScratch(settings, (scratch) =>
        loadModels(pipeline, snapshots, scratch),
      );
      return ordered.map(({ model, reads }) => ({ name: model.name, reads }));
    } finally {
      await lake.close();
    }
  };
  return {
    configFile: flags.config ?? settings.config,
    env: process.env,
    cwd,
    date: flags.date ?? new Date().toISOString().slice(0, 10),
    runId: flags.runId ?? null,
    shards: settings.shards,
    orderModels,
  };
}

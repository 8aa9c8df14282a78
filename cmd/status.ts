// `onpoint status RUN`: the run's manifest, and how far it is while it runs.
import type { CommandResult } from "./command-result.ts";
import { findRun, type LakeOptions, withLake } from "./open-lake.ts";
import { readProgress } from "./read-progress.ts";
import { headSection, sourceSection, stageSection, tableSection } from "./report-sections.ts";
import { sectionsText } from "./report-text.ts";

/** JSON: the manifest with `progress` (a report, or null). Throws UsageError for an unknown run. */
export function statusCommand(
  run: string | undefined,
  options: LakeOptions,
): Promise<CommandResult> {
  return withLake(options, async (lake) => {
    const manifest = await findRun(lake, run);
    const progress = await readProgress(lake.objects, manifest);
    const report = progress?.report ?? manifest.report;
    const sections = [
      headSection(manifest, report, lake.objects.url),
      ...(report === null
        ? []
        : [stageSection(report), sourceSection(report), tableSection(report)]),
    ];
    return {
      text: sectionsText(sections),
      json: { ...manifest, progress: progress?.report ?? null },
      exitCode: 0,
    };
  });
}

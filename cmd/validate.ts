// `onpoint validate PIPELINE`: every problem of a pipeline file, or that there is none.
import type { Pipeline } from "../internal/model/pipeline.ts";
import { problemText } from "../internal/pipeline/problems.ts";
import type { CommandResult } from "./command-result.ts";
import { type ReadOptions, tryPipeline } from "./read-pipeline.ts";

export type ValidateOptions = ReadOptions & {
  /** Throws UsageError for models that cannot run. */
  checkModels: (pipeline: Pipeline) => Promise<unknown>;
};

/** Exit code 2 when the file has problems. Throws UsageError when it cannot be read at all, and for models that cannot run. */
export async function validateCommand(
  path: string,
  options: ValidateOptions,
): Promise<CommandResult> {
  const { file, pipeline, problems } = await tryPipeline(path, options);
  if (!pipeline) {
    const count = `${problems.length} problem${problems.length === 1 ? "" : "s"}`;
    const texts = problems.map((problem) => problemText(file, problem));
    return {
      text: [...texts, `${file}: ${count}`].join("\n"),
      json: { ok: false, file, problems, warnings: [] },
      exitCode: 2,
    };
  }
  await options.checkModels(pipeline);
  const { name, warnings, sources, tables } = pipeline;
  const counts = `${sources.length} source(s), ${Object.keys(tables).length} table(s)`;
  return {
    text: [...warnings.map((text) => `warning: ${text}`), `${file}: ok: ${name}, ${counts}`].join(
      "\n",
    ),
    json: { ok: true, file, pipeline: name, problems: [], warnings },
    exitCode: 0,
  };
}

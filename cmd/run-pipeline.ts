// The pipeline of an active run, as each of its processes reads it: from the text that began the run.
import type { ActiveRun } from "../internal/model/active-run.ts";
import type { Pipeline } from "../internal/model/pipeline.ts";
import { parsePipeline } from "../internal/pipeline/parse-pipeline.ts";
import { variablesFrom } from "../internal/pipeline/variables.ts";
import { configOf } from "./read-pipeline.ts";

/** Variables are filled in from `env` and the file of variables of this process. Throws UsageError. */
export async function pipelineOfRun(
  { file, text }: ActiveRun,
  configFile: string | null,
  env: Record<string, string | undefined>,
): Promise<Pipeline> {
  const config = await configOf(file, configFile, process.cwd());
  return parsePipeline({ file, text, checkFiles: false, variables: variablesFrom(env, config) });
}

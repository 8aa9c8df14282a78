// `onpoint schema`: the JSON Schema of the pipeline file.
import { pipelineJsonSchema } from "../internal/pipeline/json-schema.ts";
import type { CommandResult } from "./command-result.ts";

/** The schema is JSON with and without `--json`. */
export function schemaCommand(): CommandResult {
  const json = pipelineJsonSchema();
  return { text: JSON.stringify(json, null, 2), json, exitCode: 0 };
}

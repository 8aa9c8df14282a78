// A path on the command line -> the pipeline in that file. Finds the configuration file too.
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { Pipeline } from "../internal/model/pipeline.ts";
import { checkPipeline } from "../internal/pipeline/parse-pipeline.ts";
import { type Problem, problemsError } from "../internal/pipeline/problems.ts";
import { type ConfigFile, variablesFrom } from "../internal/pipeline/variables.ts";
import { describeError, UsageError } from "../internal/std/errors.ts";

export type ReadOptions = {
  /** `--config`, or null to look for config/config.json. */
  configFile: string | null;
  env: NodeJS.ProcessEnv;
  /** What relative paths are relative to. */
  cwd: string;
};

/** A pipeline file read, right or wrong. */
export type PipelineRead = {
  file: string;
  pipeline: Pipeline | null;
  problems: Problem[];
  masks: ReadonlyMap<string, string>;
};

/** Throws one UsageError that says what to do: the file cannot be read, or is wrong (all its problems). */
export async function readPipeline(path: string, options: ReadOptions): Promise<Pipeline> {
  const { file, pipeline, problems } = await tryPipeline(path, options);
  if (!pipeline) throw problemsError(file, problems);
  return pipeline;
}

/** Like {@link readPipeline}, but a wrong file is data. */
export async function tryPipeline(path: string, options: ReadOptions): Promise<PipelineRead> {
  const file = resolve(options.cwd, path);
  const text = await readText(file, "pipeline file", "Name a YAML file that there is");
  const config = await configOf(file, options.configFile, options.cwd);
  const checked = checkPipeline({ file, text, variables: variablesFrom(options.env, config) });
  return { file, ...checked };
}

/** The configuration file of a pipeline: the one named, else the one in `cwd`, else the one beside the pipeline. */
export async function configOf(
  pipelineFile: string,
  configFile: string | null,
  cwd: string,
): Promise<ConfigFile | null> {
  return (await readConfigFile(configFile, cwd)) ?? (await findConfigFile(dirname(pipelineFile)));
}

/**
 * The configuration file: `configFile` (relative to `cwd`), which must be there, or `config/config.json` in `cwd`, or
 * null. Throws UsageError.
 */
export async function readConfigFile(
  configFile: string | null,
  cwd: string,
): Promise<ConfigFile | null> {
  if (configFile === null) return findConfigFile(cwd);
  const path = resolve(cwd, configFile);
  return parseConfig(path, await readText(path, "configuration file", "Correct its path"));
}

async function findConfigFile(folder: string): Promise<ConfigFile | null> {
  const path = resolve(folder, "config/config.json");
  try {
    return parseConfig(path, await readText(path, "configuration file", "Put a JSON file there"));
  } catch (error) {
    if (isMissing((error as Error).cause)) return null;
    throw error;
  }
}

function parseConfig(path: string, text: string): ConfigFile {
  try {
    return { path, json: JSON.parse(text.replace(/^\uFEFF/, "")) };
  } catch (error) {
    throw notJson(path, error);
  }
}

function notJson(path: string, cause: unknown): UsageError {
  const what = "the configuration file is not JSON";
  return new UsageError(what, path, 'Write { "NAME": "value", ... }', { cause });
}

/** A text in UTF-8. `what` it is called, and what to `fix`, in the UsageError when it cannot be read. */
export async function readText(path: string, what: string, fix: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw unreadable(path, what, fix, error);
  }
}

function unreadable(path: string, what: string, fix: string, cause: unknown): UsageError {
  const { code } = cause as NodeJS.ErrnoException;
  if (isMissing(cause)) return new UsageError(`there is no such ${what}`, path, fix, { cause });
  if (code === "EISDIR") return new UsageError(`the ${what} is a folder`, path, fix, { cause });
  if (code === "EACCES" || code === "EPERM") {
    return new UsageError(`the ${what} may not be read`, path, `chmod +r ${path}`, { cause });
  }
  if (code === "ERR_ENCODING_INVALID_ENCODED_DATA") {
    return new UsageError(`the ${what} is not UTF-8 text`, path, "Save it as UTF-8", { cause });
  }
  return new UsageError(`the ${what} cannot be read: ${describeError(cause)}`, path, fix, {
    cause,
  });
}

function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException | undefined)?.code ?? "");
}

// The pipeline file's text -> a Pipeline, or every problem in it at once.

import { dirname } from "node:path";
import type { Pipeline } from "../model/pipeline.ts";
import { bodySecrets } from "./body-secrets.ts";
import { crossProblems } from "./cross-checks.ts";
import { absoluteGlob, absoluteUrl, localPath, storageUrlProblem } from "./file-url.ts";
import { retype, type Variables } from "./interpolate.ts";
import { pipelineSchema } from "./pipeline-schema.ts";
import { type Problem, problemsError, sortProblems } from "./problems.ts";
import { shapeProblems } from "./shape-problems.ts";
import { toPipeline } from "./to-pipeline.ts";
import { replaceAt, valueAt } from "./value-at.ts";
import { warningsOf } from "./warnings.ts";
import { type Path, readYaml, type YamlDocument } from "./yaml-document.ts";

export type PipelineInput = {
  /** Absolute path of the file. */
  file: string;
  text: string;
  variables: Variables;
  /** Look for the folder of models (default true); false where the file was checked before and the disk is another. */
  checkFiles?: boolean;
};

export type CheckedPipeline = {
  /** Null when there are problems. */
  pipeline: Pipeline | null;
  problems: Problem[];
  /** What came from variables, by what may be printed in its place. */
  masks: ReadonlyMap<string, string>;
};

/** The pipeline in a file. Throws one UsageError that names every problem with its line. */
export function parsePipeline(input: PipelineInput): Pipeline {
  const { pipeline, problems } = checkPipeline(input);
  if (!pipeline) throw problemsError(input.file, problems);
  return pipeline;
}

/** Like {@link parsePipeline}, with the problems as data. */
export function checkPipeline(input: PipelineInput): CheckedPipeline {
  const { file, text, variables, checkFiles = true } = input;
  const folder = dirname(file);
  const document = readYaml(text, variables);
  const masks = new Map<string, string>();
  if (document.value === undefined) {
    return { pipeline: null, problems: sortProblems(document.problems), masks };
  }
  takeTextAsWritten(document, document.value, []);
  retypeVariables(document);
  const parsed = pipelineSchema.safeParse(document.value);
  const problems = sortProblems([
    ...document.problems,
    ...shapeProblems(document, parsed.error?.issues ?? []),
    ...crossProblems(document, folder, checkFiles),
  ]);
  if (!parsed.success || problems.length > 0) return { pipeline: null, problems, masks };
  collectMasks(document, document.value, [], folder, masks);
  const pipeline = toPipeline(parsed.data, file, warningsOf(document, file));
  for (const [i, source] of pipeline.sources.entries()) {
    if (source.kind !== "api") continue;
    const isSecret = (name: string) => document.place(["sources", i, "params", name])?.isSecret;
    source.secretParams = Object.keys(source.params).filter(isSecret);
    source.secretTexts = ["body", "graphql"].flatMap((key) => {
      const path = ["sources", i, key];
      return bodySecrets(document, path, valueAt(document.value, path));
    });
  }
  return { pipeline, problems, masks };
}

/** Values that are sent as text: `1.10` and `007` go out as they were written. */
function isSentAsText(path: Path): boolean {
  const [root, , key, ...rest] = path;
  if (root !== "sources" || rest.length === 0) return false;
  return ["params", "headers", "auth", "incremental"].includes(String(key));
}

function takeTextAsWritten(document: YamlDocument, value: unknown, path: Path): void {
  if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      takeTextAsWritten(document, item, [...path, Array.isArray(value) ? Number(key) : key]);
    }
    return;
  }
  const place = document.place(path);
  if (value !== null && typeof value !== "string" && place && isSentAsText(path)) {
    replaceAt(document.value, path, place.source);
  }
}

/** A scalar that was one variable gets the type its text has in YAML where the schema wants no text. */
function retypeVariables(document: YamlDocument): void {
  for (const issue of pipelineSchema.safeParse(document.value).error?.issues ?? []) {
    const path = issue.path as Path;
    const value = valueAt(document.value, path);
    const isScalarType = issue.code === "invalid_type" && /number|int|boolean/.test(issue.expected);
    if (isScalarType && typeof value === "string" && document.place(path)?.isVariable) {
      replaceAt(document.value, path, retype(value));
    }
  }
}

/** Every form in which a value with a variable in it can stand in the Pipeline. */
function collectMasks(
  document: YamlDocument,
  value: unknown,
  path: Path,
  folder: string,
  masks: Map<string, string>,
): void {
  if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const step = Array.isArray(value) ? Number(key) : key;
      collectMasks(document, item, [...path, step], folder, masks);
    }
    return;
  }
  const place = document.place(path);
  if (!place?.isSecret || typeof value !== "string") return;
  const shown = place.shown ?? "";
  masks.set(value, shown);
  masks.set(value.split(",")[0]?.trim() ?? "", shown);
  if (storageUrlProblem(value) === null) {
    masks.set(absoluteUrl(value, folder), shown);
    masks.set(absoluteGlob(value, folder), shown);
  } else if (!value.startsWith("file:")) {
    masks.set(localPath(value, folder), shown);
    masks.set(absoluteGlob(`file:${encodeURI(value)}`, folder), shown);
  }
}

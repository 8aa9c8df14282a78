// The chart as Helm renders it.
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import type { PodSpec } from "./pod-security.ts";
import { checkout } from "./run-onpoint.ts";

const helm = join(checkout, ".tools/bin/helm");
const chart = join(checkout, "helm");
// Without a cluster Helm would take its own idea of a version.
const version = ["--kube-version", "1.35.0"];

type Meta = { name: string; labels?: Record<string, string> };
type Template = { metadata: { labels: Record<string, string> }; spec: PodSpec };
export type KubeObject = {
  apiVersion: string;
  kind: string;
  metadata: Meta;
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own, and the test that reads it knows which.
  spec: any;
  data?: Record<string, string>;
};

/** Objects of `helm template release chart` with these values, in the namespace `data`. */
export function renderChart(args: string[]): KubeObject[] {
  const text = execFileSync(
    helm,
    ["template", "release", chart, "--namespace", "data", ...version, ...args],
    { encoding: "utf8", maxBuffer: 16 * 2 ** 20 },
  );
  return parseAllDocuments(text).flatMap((document) => {
    const [fault] = document.errors;
    if (fault !== undefined) throw fault;
    return document.contents === null ? [] : [document.toJS() as KubeObject];
  });
}

/** Code and output of `helm lint --strict`, or of another command that is to say why it refuses. */
export function tryHelm(args: string[]): { code: number | null; output: string } {
  const [command = "", ...rest] = args;
  const ended = spawnSync(helm, [command, chart, ...version, ...rest], { encoding: "utf8" });
  return { code: ended.status, output: ended.stdout + ended.stderr };
}

export type RenderedPod = { name: string; kind: string; pod: Template };

/** The pod templates of all that make pods, with the name of their object. */
export function podsOf(objects: KubeObject[]): RenderedPod[] {
  return objects.flatMap(({ kind, metadata, spec }): RenderedPod[] => {
    if (kind === "Pod")
      return [{ name: metadata.name, kind, pod: { metadata, spec } as unknown as Template }];
    const template = kind === "CronJob" ? spec.jobTemplate.spec.template : spec?.template;
    return template === undefined ? [] : [{ name: metadata.name, kind, pod: template as Template }];
  });
}

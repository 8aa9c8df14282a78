// Makes what follows from helm/values.yaml: its JSON Schema, which refuses a typo before anything is installed, and the
// table in docs/values.md. `node test/support/chart-values.ts` writes both; a test compares.
import { readFileSync, writeFileSync } from "node:fs";
import { isMap, isScalar, type Pair, parseDocument, type YAMLMap } from "yaml";

type Schema = Record<string, unknown>;
export type ValueRow = { path: string; standard: string; text: string };

const helm = new URL("../../helm/", import.meta.url);
const docs = new URL("../../docs/values.md", import.meta.url);

const text = { type: "string" };
const names = { type: "array", items: { type: "string", minLength: 1 } };
const environment = {
  type: "object",
  additionalProperties: { type: ["string", "number", "boolean"] },
};
const quantity = { type: ["string", "number"] };
const count = { type: "integer", minimum: 0 };
const replicas = { type: "integer", minimum: 0, maximum: 1000 };
const amounts = {
  type: "object",
  properties: { cpu: quantity, memory: quantity, "ephemeral-storage": quantity },
  additionalProperties: false,
};
const resources = {
  type: "object",
  properties: { requests: amounts, limits: amounts },
  additionalProperties: false,
};
const pipeline = {
  type: "object",
  required: ["pipeline"],
  properties: {
    pipeline: { type: "string", minLength: 1 },
    files: {
      type: "object",
      propertyNames: { pattern: "^[A-Za-z0-9._/-]+$" },
      additionalProperties: text,
    },
    schedule: text,
    timeZone: text,
    suspend: { type: "boolean" },
    args: { type: "array", items: text },
  },
  additionalProperties: false,
};

/** Where a default does not tell what is allowed: by path, or by the last name of one. */
const rules: Record<string, Schema> = {
  resources,
  tolerations: { type: "array", items: { type: "object" } },
  extraEnv: { type: "array", items: { type: "object", required: ["name"] } },
  extraVolumes: { type: "array", items: { type: "object", required: ["name"] } },
  extraVolumeMounts: { type: "array", items: { type: "object", required: ["name", "mountPath"] } },
  imagePullSecrets: { type: "array", items: { type: "object", required: ["name"] } },
  pullPolicy: { enum: ["IfNotPresent", "Always", "Never"] },
  digest: { type: "string", pattern: "^(sha256:[0-9a-f]{64})?$" },
  memoryMb: { type: ["integer", "null"], minimum: 64 },
  heapMb: { type: "integer", minimum: 64 },
  replicas,
  extraSecrets: names,
  privateBlocks: names,
  lake: { type: "string", pattern: "^(s3://[^/ ]+.*)?$" },
  logLevel: { enum: ["debug", "info", "warn", "error", "silent"] },
  shards: { type: "integer", minimum: 1, maximum: 65536 },
  settings: { ...environment, propertyNames: { pattern: "^ONPOINT_[A-Z0-9_]+$" } },
  pipelines: {
    type: "object",
    propertyNames: { pattern: "^[a-z][a-z0-9_-]*$" },
    additionalProperties: pipeline,
  },
  "credentials.values": { ...environment, propertyNames: { pattern: "^[A-Za-z_][A-Za-z0-9_]*$" } },
  config: environment,
  "s3.pathStyle": { type: ["boolean", "null"] },
  "nats.replicas": { enum: [1, 3] },
  "nats.url": { type: "string", pattern: "^((nats|tls|ws|wss)://[^ /@]+)?$" },
  "nats.storage.whenDeleted": { enum: ["Delete", "Retain"] },
  "podDisruptionBudget.maxUnavailable": {
    type: ["string", "integer"],
    pattern: "^[1-9][0-9]*%$",
    minimum: 1,
  },
  "podSecurityContext.runAsUser": { type: "integer", minimum: 1 },
  extraObjects: { type: "array", items: { type: "object" } },
};

/** Values are text, numbers and flags as their defaults are; a map with keys has these keys and no others. */
function schemaOf(value: unknown, path: string): Schema {
  const rule = rules[path] ?? rules[path.slice(path.lastIndexOf(".") + 1)];
  if (rule !== undefined) return rule;
  if (Array.isArray(value)) return { type: "array" };
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value);
    if (entries.length === 0) return { type: "object" };
    const inner = entries.map(([key, each]) => [
      key,
      schemaOf(each, path === "" ? key : `${path}.${key}`),
    ]);
    return { type: "object", properties: Object.fromEntries(inner), additionalProperties: false };
  }
  if (typeof value === "number") return count;
  return { type: typeof value };
}

function read() {
  return parseDocument(readFileSync(new URL("values.yaml", helm), "utf8"));
}

/** The text of helm/values.schema.json. */
export function valuesSchema(): string {
  const schema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Values of the chart onpoint",
    ...schemaOf(read().toJS(), ""),
  };
  // Helm gives every chart the globals of its parents.
  const { properties } = schema as unknown as { properties: Record<string, Schema> };
  properties.global = { ...properties.global, additionalProperties: true };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** All values with their defaults, and what their `# --` comments say. */
export function valueRows(): ValueRow[] {
  return rowsOf(read().contents as YAMLMap, "");
}

function rowsOf(map: YAMLMap, prefix: string): ValueRow[] {
  return map.items.flatMap((pair: Pair) => {
    const key = pair.key as { value: string; commentBefore?: string };
    const path = prefix === "" ? key.value : `${prefix}.${key.value}`;
    // The first comment of a map is the map's own.
    const comment =
      pair === map.items[0] ? (map.commentBefore ?? key.commentBefore) : key.commentBefore;
    const said = /^ -- (.*)$/m.exec(comment ?? "")?.[1];
    const isOpen = isMap(pair.value) && pair.value.items.length > 0 && !pair.value.flow;
    if (isOpen && path.split(".").at(-1) !== "resources")
      return rowsOf(pair.value as YAMLMap, path);
    const value = isScalar(pair.value) ? pair.value.value : (pair.value as YAMLMap).toJSON();
    return [{ path, standard: JSON.stringify(value), text: said ?? inherited(path) }];
  });
}

/** What all roles have needs its words once. */
function inherited(path: string): string {
  const words: Record<string, string> = {
    resources: "Requests and limits",
    priorityClassName: "PriorityClass",
    nodeSelector: "Labels of nodes",
    tolerations: "Taints that are tolerated",
    affinity: "Affinity",
    podLabels: "Further labels of pods",
    podAnnotations: "Further annotations of pods",
    extraEnv: "Further environment",
    extraVolumes: "Further volumes",
    extraVolumeMounts: "Where they are mounted",
  };
  const said = words[path.slice(path.lastIndexOf(".") + 1)];
  if (said === undefined) throw new Error(`helm/values.yaml: ${path} has no "# --" comment`);
  return said;
}

/** The text of docs/values.md. */
export function valuesPage(): string {
  const rows = valueRows().map(
    ({ path, standard, text: said }) =>
      `| \`${path}\` | \`${standard.replaceAll("|", "\\|")}\` | ${said.replaceAll("|", "\\|")} |`,
  );
  return `# Values of the chart

Made from \`helm/values.yaml\` by \`node test/support/chart-values.ts\`. An unknown key, or a value of the wrong kind, is refused before
anything is installed. \`docs/kubernetes.md\` tells how they go together.

| value | default | meaning |
|---|---|---|
${rows.join("\n")}
`;
}

if (import.meta.main) {
  writeFileSync(new URL("values.schema.json", helm), valuesSchema());
  writeFileSync(docs, valuesPage());
}

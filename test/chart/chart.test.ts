// The chart, rendered by Helm with all of helm/ci: objects that the API server takes, pods that the strictest policy takes,
// and names that belong together.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { flow } from "../../internal/flow/flow.ts";
import { settingsHelp } from "../../internal/pod/settings.ts";
import { fieldFaults } from "../support/kube-fields.ts";
import { securityFaults } from "../support/pod-security.ts";
import { type KubeObject, podsOf, renderChart, tryHelm } from "../support/render-chart.ts";
import { checkout } from "../support/run-onpoint.ts";

const cases = globSync("helm/ci/*-values.yaml", { cwd: checkout }).sort();
const valuesOf = (file: string) => ["--values", join(checkout, file)];
const minimal = valuesOf("helm/ci/minimal-values.yaml");
const matches = (selector: Record<string, string>, labels: Record<string, string>) =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);

test("there are cases", () => expect(cases.length).toBeGreaterThan(0));

describe.each(cases)("with %s", (file) => {
  const objects = renderChart(valuesOf(file));
  const pods = podsOf(objects);

  test("lint has nothing to say", () => {
    expect(tryHelm(["lint", "--strict", "--quiet", ...valuesOf(file)])).toMatchObject({ code: 0 });
  });

  test("every field is one that the API knows", () => {
    expect(objects.length).toBeGreaterThan(10);
    expect(objects.flatMap(fieldFaults)).toEqual([]);
  });

  test("no two objects have one name, and names fit", () => {
    const names = objects.map(
      ({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.name}`,
    );
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    for (const { kind, metadata } of objects)
      expect(metadata.name.length, metadata.name).toBeLessThanOrEqual(kind === "CronJob" ? 52 : 63);
  });

  test("every pod passes the restricted profile", () => {
    const faults = pods.flatMap(({ name, pod }) =>
      securityFaults(pod.spec).map((fault) => `${name}: ${fault}`),
    );
    expect(faults).toEqual([]);
  });

  test("every pod has requests, limits of memory and disk, and a grace period", () => {
    for (const { name, pod } of pods) {
      for (const { resources } of pod.spec.containers as unknown as { resources: Amounts }[]) {
        expect(resources.requests, name).toHaveProperty("cpu");
        expect(resources.limits, name).toHaveProperty("memory");
        expect(resources.limits, name).toHaveProperty("ephemeral-storage");
      }
    }
  });

  test("what pods name is there", () => expect(lost(objects)).toEqual([]));

  test("selectors find the pods they are about", () => {
    const labels = pods.map(({ pod }) => pod.metadata.labels);
    const selectors = objects.flatMap(({ kind, metadata, spec }) => {
      if (kind === "Service") return [[metadata.name, spec.selector] as const];
      if (kind === "PodDisruptionBudget")
        return [[metadata.name, spec.selector.matchLabels] as const];
      if (kind === "NetworkPolicy") return [[metadata.name, spec.podSelector.matchLabels] as const];
      return [];
    });
    for (const [name, selector] of selectors)
      expect(
        labels.some((each) => matches(selector, each)),
        name,
      ).toBe(true);
    for (const { kind, metadata, spec } of objects.filter(({ spec: each }) => each?.template))
      expect(
        matches(spec.selector.matchLabels, spec.template.metadata.labels),
        `${kind} ${metadata.name}`,
      ).toBe(true);
  });

  test("the environment of pods is the settings there are", () => {
    const known = settingsHelp()
      .split("\n")
      .map((line) => line.split(" ")[0]);
    for (const { name, pod } of pods) {
      const names = (pod.spec.containers as unknown as { env?: { name: string }[] }[])
        .flatMap(({ env = [] }) => env.map((each) => each.name))
        .filter((each) => each.startsWith("ONPOINT_"));
      expect(
        names.filter((each) => !known.includes(each)),
        name,
      ).toEqual([]);
    }
  });
});

type Amounts = { requests: object; limits: object };

/** ConfigMaps, Secrets and ServiceAccounts that pods name and that are neither made nor the user's (`my-...`). */
function lost(objects: KubeObject[]): string[] {
  const made = new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  const named = podsOf(objects).flatMap(({ pod }) => {
    const text = JSON.stringify(pod.spec);
    const all = (pattern: RegExp, kind: string) =>
      [...text.matchAll(pattern)].map((match) => `${kind} ${match[1]}`);
    return [
      ...all(/"configMap":\{[^}]*"name":"([^"]+)"/g, "ConfigMap"),
      ...all(/"secret(?:KeyRef|Ref)":\{[^}]*"name":"([^"]+)"/g, "Secret"),
      ...all(/"secretName":"([^"]+)"/g, "Secret"),
      ...all(/"serviceAccountName":"([^"]+)"/g, "ServiceAccount"),
    ];
  });
  return [...new Set(named)].filter((name) => !made.has(name) && !/ (my-|default$)/.test(name));
}

test("every role of the flow has pods", () => {
  const components = podsOf(renderChart(minimal)).map(
    ({ pod }) => pod.metadata.labels["app.kubernetes.io/component"],
  );
  for (const { role } of flow) expect(components).toContain(role);
});

test("a network policy refuses everything to every pod, and pods that ask the web are kept from private addresses", () => {
  const objects = renderChart(minimal);
  const denial = objects.find(({ metadata }) => metadata.name === "release-onpoint-default-deny");
  expect(denial?.spec).toMatchObject({ policyTypes: ["Ingress", "Egress"] });
  expect(denial?.spec).not.toHaveProperty("egress");
  expect(denial?.spec).not.toHaveProperty("ingress");
  for (const { name, pod } of podsOf(objects))
    expect(matches(denial?.spec.podSelector.matchLabels, pod.metadata.labels), name).toBe(true);
  const web = objects.find(
    ({ kind, metadata }) => kind === "NetworkPolicy" && metadata.name === "release-onpoint-crawl",
  );
  const blocks = web?.spec.egress[0].to.map(
    (peer: { ipBlock: { except: string[] } }) => peer.ipBlock.except,
  );
  expect(blocks[0]).toEqual(expect.arrayContaining(["10.0.0.0/8", "169.254.0.0/16"]));
});

test("no pod has a token for the API", () => {
  for (const { name, pod } of podsOf(renderChart(minimal)))
    expect(pod.spec.automountServiceAccountToken, name).toBe(false);
});

test("a slip in the values is refused with its place", () => {
  const refused: [string, RegExp][] = [
    ["crawl.replicsa=1", /crawl.*replicsa/],
    ["nats.replicas=2", /nats\/replicas.*1, 3/],
    ["lake=file:/tmp/lake", /lake/],
    ["shards=0", /shards/],
    ["podDisruptionBudget.maxUnavailable=0", /maxUnavailable/],
    ["settings.ONPOINT-X=1", /ONPOINT-X/],
    ["nats.url=nats://me:secret@host", /nats\/url/],
  ];
  for (const [set, why] of refused) {
    const { code, output } = tryHelm(["template", "--set", set]);
    expect(code, set).not.toBe(0);
    expect(output).toMatch(why);
  }
});

test("a schedule in the pipeline is the CronJob's, and without one it waits", () => {
  const cron = (args: string[]) =>
    renderChart([...minimal, ...args]).find(({ kind }) => kind === "CronJob")?.spec;
  expect(cron([])).toMatchObject({
    schedule: "@daily",
    suspend: false,
    concurrencyPolicy: "Forbid",
  });
  expect(cron(["--set", "pipelines.books.schedule=0 3 * * *"]).schedule).toBe("0 3 * * *");
  expect(cron(["--set", "pipelines.books.timeZone=Europe/Vienna"]).timeZone).toBe("Europe/Vienna");
  const [name, text] = ["pipelines.books.pipeline", "pipeline: books\nlake: s3://l/p\nsources: []"];
  expect(cron(["--set-literal", `${name}=${text}`]).suspend).toBe(true);
});

test("a pipeline whose CronJob's name would be too long is refused", () => {
  const long = "a".repeat(40);
  const { code, output } = tryHelm(["template", "--set", `pipelines.${long}.pipeline=x: 1`]);
  expect(code).not.toBe(0);
  expect(output).toContain("52 characters are the most");
});

test("the chart's version is the program's", () => {
  const { version } = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as {
    version: string;
  };
  expect(readFileSync(join(checkout, "helm/Chart.yaml"), "utf8")).toContain(
    `appVersion: ${version}`,
  );
});

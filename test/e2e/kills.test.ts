// A run in a cluster, with its lake on an S3 server, whose pods are killed on the way: a crawl pod, a process pod, the
// coordinator and NATS. Every table must come out exact, and the Job must end well.
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, onTestFailed, test } from "vitest";
import type { RunReport } from "../../internal/model/run.ts";
import { apply, kubectl } from "../support/kubectl.ts";
import { restrictedPod, roleContainer, service } from "../support/restricted-pod.ts";

const namespace = "onpoint-kills";
const image = process.env.E2E_IMAGE ?? "";
const natsImage = process.env.E2E_NATS_IMAGE ?? "";
const s3Image = process.env.E2E_S3_IMAGE ?? "";
const inNamespace = ["--namespace", namespace];

const pipeline = `
pipeline: kills
lake: s3://lake/e2e
sources:
  - name: items
    kind: api
    url: http://api.${namespace}:8080/items
    records: $.results[*]
    pagination: { kind: page, param: page, start: 1, size: 50 }
    rate: { perSecond: 2, concurrency: 1 }
    table: items
  - name: site
    kind: web
    seeds: ["http://web.${namespace}:8080/"]
    rate: { perSecond: 5, concurrency: 2 }
    pages: pages
`;

const settings = {
  ONPOINT_NATS_URL: "nats://nats:4222",
  ONPOINT_SEGMENT_MS: "2000",
  ONPOINT_BATCH_MS: "3000",
  AWS_ENDPOINT_URL_S3: "http://s3:7070",
  AWS_ACCESS_KEY_ID: "e2e",
  AWS_SECRET_ACCESS_KEY: "only-in-this-test",
  AWS_EC2_METADATA_DISABLED: "true",
};

const deployment = (name: string, replicas: number, template: object) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name },
  spec: { replicas, selector: { matchLabels: { app: name } }, template },
});
const role = (name: string, replicas: number) =>
  deployment(name, replicas, restrictedPod(name, [roleContainer(image, [name], settings)]));

const node = (name: string, script: string) => ({ name, image, command: ["node", "-e", script] });
const waiting = "process.on('SIGTERM', () => process.exit(0)); setInterval(() => undefined, 60000)";

const nats = restrictedPod(
  "nats",
  [
    { name: "nats", image: natsImage, args: ["--jetstream", "--store_dir", "/tmp/nats"] },
    // Its image has nothing to kill it with.
    node("killer", waiting),
  ],
  { shareProcessNamespace: true },
);
const s3Arguments = ["--port", ":7070", "--access", settings.AWS_ACCESS_KEY_ID, "--secret"];
const s3 = restrictedPod(
  "s3",
  [
    {
      name: "s3",
      image: s3Image,
      args: [...s3Arguments, settings.AWS_SECRET_ACCESS_KEY, "posix", "/tmp/data"],
      readinessProbe: { tcpSocket: { port: 7070 }, periodSeconds: 1 },
    },
  ],
  {
    initContainers: restrictedPod("s3", [
      node("bucket", "require('node:fs').mkdirSync('/tmp/data/lake', { recursive: true })"),
    ]).spec.containers,
  },
);

function siteWith(volume: string) {
  return restrictedPod(
    "site",
    [
      {
        name: "site",
        image,
        command: ["node", "/site/site.mjs"],
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
        volumeMounts: [{ name: "site", mountPath: "/site" }],
      },
    ],
    { volumes: [{ name: "site", configMap: { name: volume } }] },
  );
}

const coordinator = {
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "run" },
  spec: {
    backoffLimit: 6,
    template: restrictedPod(
      "coordinator",
      [
        {
          ...roleContainer(
            image,
            ["coordinator", "/pipeline/pipeline.yaml", "--run-id", "kills"],
            settings,
          ),
          volumeMounts: [
            { name: "tmp", mountPath: "/tmp" },
            { name: "pipeline", mountPath: "/pipeline" },
          ],
        },
      ],
      {
        restartPolicy: "Never",
        volumes: [
          { name: "tmp", emptyDir: {} },
          { name: "pipeline", configMap: { name: "files" } },
        ],
      },
    ),
  },
};

const remove = () =>
  kubectl(["delete", "namespace", namespace, "--ignore-not-found", "--timeout", "170s"]);

beforeAll(async () => {
  await remove();
  await kubectl(["create", "namespace", namespace]);
  const strict = "pod-security.kubernetes.io/enforce=restricted";
  await kubectl(["label", "namespace", namespace, strict]);
  const site = await readFile(new URL("site.mjs", import.meta.url), "utf8");
  await apply(
    namespace,
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "files" },
      data: { "pipeline.yaml": pipeline, "site.mjs": site },
    },
    deployment("nats", 1, nats),
    deployment("s3", 1, s3),
    deployment("site", 1, siteWith("files")),
    service("nats", "nats", 4222),
    service("s3", "s3", 7070),
    service("api", "site", 8080),
    service("web", "site", 8080),
    role("crawl", 2),
    role("process", 2),
    role("upload", 1),
  );
  const all = ["deployment", "--all", "--timeout", "120s"];
  await kubectl(["wait", ...inNamespace, "--for", "condition=Available", ...all]);
});
afterAll(remove);

/** Kills the first pod of an app without a word. */
async function killPod(app: string): Promise<void> {
  const now = ["--grace-period=0", "--force"];
  await kubectl(["delete", ...inNamespace, await firstPod(app), ...now]);
}

/** The JSON of an `onpoint` command, run in a pod. */
async function ask<T>(...args: string[]): Promise<T> {
  const at = ["exec", ...inNamespace, "deployment/upload", "--", "onpoint"];
  return JSON.parse(await kubectl([...at, ...args, "--lake", "s3://lake/e2e", "--json"])) as T;
}

/** Pages that the run has fetched and saved, as its coordinator last wrote down; 0 before it began. */
async function savedPages(): Promise<number> {
  const { progress } = await ask<{ progress: RunReport | null }>("status", "kills").catch(
    (error: Error) => {
      if (!error.message.includes("exit code 2")) throw error;
      return { progress: null };
    },
  );
  return Object.values(progress?.sources ?? {}).reduce((sum, { pages }) => sum + pages, 0);
}

async function firstPod(app: string): Promise<string> {
  const list = await kubectl(["get", "pods", ...inNamespace, "-l", `app=${app}`, "-o", "name"]);
  return list.split("\n")[0] ?? "";
}

const soon = { timeout: 120_000, interval: 500 };

/** What a person would look at. */
async function tell(): Promise<void> {
  const last = ["logs", ...inNamespace, "--all-containers", "--prefix", "--tail", "15", "-l"];
  const looks = [["get", "pods", ...inNamespace, "-o", "wide"]];
  for (const app of ["coordinator", "crawl", "process", "nats"])
    looks.push([...last, `app=${app}`]);
  for (const look of looks) console.error(await kubectl(look).catch(String));
}

test("a run whose pods and NATS are killed on the way ends well, and every table is exact", async () => {
  onTestFailed(tell);
  await apply(namespace, coordinator);
  await expect.poll(savedPages, soon).toBeGreaterThan(10);
  await killPod("crawl");
  await killPod("process");
  await expect.poll(savedPages, soon).toBeGreaterThan(40);
  const kill = `for (const pid of require("node:fs").readdirSync("/proc")) {
    try { if (require("node:fs").readFileSync("/proc/" + pid + "/comm", "utf8") === "nats-server\\n") process.kill(Number(pid), "SIGKILL"); }
    catch (error) { if (!["ENOENT", "ENOTDIR"].includes(error.code)) throw error; } }`;
  await kubectl([
    ...["exec", ...inNamespace, await firstPod("nats"), "-c", "killer", "--", "node", "-e", kill],
  ]);
  await expect.poll(savedPages, soon).toBeGreaterThan(80);
  await killPod("coordinator");
  await kubectl([
    ...["wait", ...inNamespace, "job/run", "--for", "condition=Complete", "--timeout", "300s"],
  ]);

  const [items] = await ask<object[]>(
    "sql",
    "SELECT count(*)::INT AS n, count(DISTINCT id)::INT AS ids, sum(square)::BIGINT::VARCHAR AS squares FROM items",
  );
  const squares = Array.from({ length: 3000 }, (_, id) => id ** 2).reduce(
    (sum, each) => sum + each,
  );
  expect(items).toEqual({ n: 3000, ids: 3000, squares: String(squares) });
  const [pages] = await ask<object[]>(
    "sql",
    "SELECT count(*)::INT AS n, count(DISTINCT title)::INT AS titles FROM pages",
  );
  expect(pages).toEqual({ n: 151, titles: 150 });

  const restarts = await kubectl([
    ...["get", "pods", ...inNamespace, "-l", "app=nats", "-o"],
    'jsonpath={.items[0].status.containerStatuses[?(@.name=="nats")].restartCount}',
  ]);
  expect(restarts).toBe("1");
  const failed = await kubectl([
    "get",
    ...inNamespace,
    "job/run",
    "-o",
    "jsonpath={.status.failed}",
  ]);
  expect(failed).toBe("1");
});

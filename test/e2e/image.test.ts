// The image as Kubernetes runs it under the strictest Pod Security: every role becomes ready beside a real NATS server, does
// without a writable root and without privileges, and drains when it is told to.
import { afterAll, beforeAll, expect, test } from "vitest";
import { apply, kubectl } from "../support/kubectl.ts";
import { restrictedPod, roleContainer, service } from "../support/restricted-pod.ts";

const namespace = "onpoint-image";
const image = process.env.E2E_IMAGE ?? "";
const natsImage = process.env.E2E_NATS_IMAGE ?? "";
const roles = ["crawl", "process", "etl", "upload"];

const pod = (name: string, container: object) => {
  const { metadata, spec } = restrictedPod(name, [container], { restartPolicy: "Never" });
  return { apiVersion: "v1", kind: "Pod", metadata: { ...metadata, name }, spec };
};

const remove = () =>
  kubectl(["delete", "namespace", namespace, "--ignore-not-found", "--timeout", "120s"]);

beforeAll(async () => {
  await remove();
  await kubectl(["create", "namespace", namespace]);
  const strict = "pod-security.kubernetes.io/enforce=restricted";
  await kubectl(["label", "namespace", namespace, strict]);
  await apply(
    namespace,
    pod("nats", {
      name: "nats",
      image: natsImage,
      args: ["--jetstream", "--store_dir", "/tmp/nats"],
    }),
    service("nats", "nats", 4222),
    ...roles.map((role) =>
      pod(role, roleContainer(image, [role], { ONPOINT_NATS_URL: "nats://nats:4222" })),
    ),
  );
});
afterAll(remove);

test("every role becomes ready", async () => {
  const pods = roles.map((name) => `pod/${name}`);
  await kubectl(["wait", "-n", namespace, "--for", "condition=Ready", ...pods, "--timeout", "90s"]);
  const restarts = await kubectl([
    ...["get", "pods", "-n", namespace, "-o"],
    "jsonpath={.items[*].status.containerStatuses[0].restartCount}",
  ]);
  expect(restarts).toBe("0 0 0 0 0");
});

test("it runs as 10001, cannot write to its own files, and has a list of its packages", async () => {
  const script = `
    const fs = require("node:fs");
    const mayWrite = (path) => { try { fs.writeFileSync(path, ""); return true; } catch { return false; } };
    const bom = JSON.parse(fs.readFileSync("/app/sbom.cdx.json", "utf8"));
    console.log(JSON.stringify({
      uid: process.getuid(), root: mayWrite("/x"), app: mayWrite("/app/x"), tmp: mayWrite("/tmp/x"),
      duckdb: bom.components.some(({ name }) => name === "@duckdb/node-api"),
    }));`;
  const answer = await kubectl(["exec", "-n", namespace, "process", "--", "node", "-e", script]);
  expect(JSON.parse(answer)).toEqual({
    uid: 10001,
    root: false,
    app: false,
    tmp: true,
    duckdb: true,
  });
});

test("its command and DuckDB's library work in it", async () => {
  const command = ["onpoint", "--version"];
  expect(await kubectl(["exec", "-n", namespace, "etl", "--", ...command])).toMatch(
    /^\d+\.\d+\.\d+\n$/,
  );
  const script = `
    const { DuckDBInstance } = await import("/app/node_modules/@duckdb/node-api/lib/index.js");
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    console.log((await connection.runAndReadAll("SELECT sum(range)::INTEGER FROM range(101)")).getRows()[0][0]);`;
  const args = ["node", "--input-type=module", "-e", script];
  expect(await kubectl(["exec", "-n", namespace, "etl", "--", ...args])).toBe("5050\n");
});

test("told to end, each role drains and ends with 0", async () => {
  for (const name of roles) {
    const log = kubectl(["logs", "-n", namespace, name, "--follow"]);
    const ended = kubectl([
      ...["wait", "-n", namespace, `pod/${name}`, "--timeout", "60s"],
      ...["--for", "jsonpath={.status.containerStatuses[0].state.terminated.exitCode}=0"],
    ]);
    // SIGTERM to the first process, as the kubelet sends it; the pod stays, to be looked at.
    const kill = ["--", "node", "-e", "process.kill(1, 'SIGTERM')"];
    await kubectl(["exec", "-n", namespace, name, ...kill]).catch((error: Error) => {
      // When the first process ends at once, this one goes with it.
      if (!error.message.includes("exit code 137")) throw error;
    });
    await ended;
    expect(await log).toContain('"event":"drain.begin"');
  }
});

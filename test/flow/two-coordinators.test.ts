// One run on one NATS server has one coordinator: a second one gives way with exit 75, and the first is not disturbed.
import { writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findNatsServer } from "../../internal/pod/nats-binary.ts";
import { startNatsServer } from "../../internal/pod/nats-server.ts";
import { checkout, freshFolder, query, runOnpoint, startOnpoint } from "../support/run-onpoint.ts";

/** An API that keeps its one answer until it is told to give it. */
async function startHeldApi() {
  const asked = Promise.withResolvers<void>();
  const held: ServerResponse[] = [];
  let isOpen = false;
  const give = (answer: ServerResponse) =>
    answer.writeHead(200, { "content-type": "application/json" }).end('[{"id":1},{"id":2}]');
  const server = createServer((request, answer) => {
    if (request.url !== "/rows") return answer.writeHead(404).end();
    asked.resolve();
    return isOpen ? give(answer) : held.push(answer);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    asked: asked.promise,
    open: () => {
      isOpen = true;
      for (const answer of held) give(answer);
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function startQueue(folder: string) {
  const server = await startNatsServer({
    binary: await findNatsServer(checkout, process.env.PATH),
    port: 0,
    storeDir: join(folder, "store"),
    logFile: join(folder, "nats.log"),
    signal: new AbortController().signal,
    onRestart: () => {},
  });
  return { url: server.url, [Symbol.asyncDispose]: () => server.stop() };
}

test("a second coordinator of a run ends with 75 and says who has it; the first ends exact", {
  timeout: 120_000,
}, async () => {
  await using folder = await freshFolder();
  await using api = await startHeldApi();
  await using nats = await startQueue(folder.path);
  const { path } = folder;
  await writeFile(
    join(path, "p.yaml"),
    `pipeline: twice
sources:
  - { name: rows, kind: api, url: "http://api.localhost:${api.port}/rows", records: "$[*]", pagination: { kind: none }, table: rows }
`,
  );
  const env = { ONPOINT_NATS_URL: nats.url, ONPOINT_LEASE_TTL_MS: "4000" };
  const command = ["run", "p.yaml", "--date", "2026-01-01", "--json"];
  using first = startOnpoint(path, command, env);
  await api.asked;

  // Another machine's state folder, and a Job's entry point: the same lake and the same server.
  const [second, job] = await Promise.all([
    runOnpoint(path, command, { ...env, ONPOINT_STATE: join(path, "other") }),
    runOnpoint(path, ["coordinator", ...command.slice(1, -1)], env),
  ]);
  const told = /another coordinator conducts twice-2026-01-01.*\n.*nothing is lost/;
  expect(second.code, second.stderr).toBe(75);
  expect(JSON.parse(second.stdout)).toMatchObject({
    run: "twice-2026-01-01",
    exitCode: 75,
    error: expect.stringMatching(told),
  });
  expect(job.code, job.stderr).toBe(75);
  expect(job.stderr).toMatch(told);
  expect(first.child.exitCode).toBe(null);

  api.open();
  const { code, stderr } = await first.ended;
  expect(code, stderr).toBe(0);
  expect(await query(path, "SELECT id::INT AS id FROM rows ORDER BY id")).toEqual([
    { id: 1 },
    { id: 2 },
  ]);
});

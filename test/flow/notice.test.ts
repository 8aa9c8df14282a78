// The notice of a run's end: never lost by a stop, told apart from that of a repeat.
import { writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { freshFolder, runOnpoint, startOnpoint } from "../support/run-onpoint.ts";

/** A webhook that leaves its first call without an answer. */
async function startHook() {
  const keys: string[] = [];
  const held: ServerResponse[] = [];
  const server = createServer((request, answer) => {
    keys.push(String(request.headers["idempotency-key"]));
    if (keys.length === 1) held.push(answer);
    else answer.end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    keys,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

test("a run stopped while its notice is under way sends it the next time; a repeat has a key of its own", {
  timeout: 120_000,
}, async () => {
  await using folder = await freshFolder();
  await using hook = await startHook();
  const { path } = folder;
  await writeFile(join(path, "k.csv"), "k\nx\n");
  await writeFile(
    join(path, "p.yaml"),
    `pipeline: notice
sources:
  - { name: k, kind: files, urls: ["file:./k.csv"], table: k }
notify: { webhook: "http://hook.localhost:${hook.port}/" }
`,
  );
  const command = ["run", "p.yaml", "--date", "2026-01-01"];
  using running = startOnpoint(path, command);
  await vi.waitFor(() => expect(hook.keys).toHaveLength(1), { timeout: 60_000 });
  running.child.kill("SIGINT");
  expect((await running.ended).code).toBe(130);

  const again = await runOnpoint(path, command);
  expect(again.code, again.stderr).toBe(0);
  expect(again.stdout).toMatch(/done in/);
  expect(hook.keys).toEqual(["notice-2026-01-01-done", "notice-2026-01-01-done"]);

  expect((await runOnpoint(path, [...command, "--force"])).code).toBe(0);
  expect(hook.keys[2]).toMatch(/done$/);
  expect(hook.keys[2]).not.toBe(hook.keys[0]);
});

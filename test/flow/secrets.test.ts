// What comes from a variable to authorise a request is sent, and is found nowhere afterwards.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { freshFolder, runOnpoint } from "../support/run-onpoint.ts";

const secret = "s3cr3t-Value-42";

test("secrets of auth, headers, params and bodies reach the server and nothing else", {
  timeout: 60_000,
}, async () => {
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    text(request).then(
      (posted) => serve(request, answer, posted),
      (error: unknown) => answer.destroy(error as Error),
    );
  });
  function serve(request: IncomingMessage, answer: ServerResponse, posted: string): void {
    asked.push(
      `${request.url} ${request.headers.authorization ?? ""} ${request.headers["x-token"] ?? ""} ${posted}`,
    );
    const page = Number(new URL(request.url ?? "/", "http://x").searchParams.get("page") ?? "1");
    if (request.url?.startsWith("/gone"))
      answer.writeHead(404).end(`nothing at ${request.url} for ${posted}`);
    else
      answer
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify(page < 3 ? [{ id: page }] : []));
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await using folder = await freshFolder();
  const source = (name: string, path: string, how: string) =>
    `  - { name: ${name}, kind: api, url: "http://${name}.localhost:${port}${path}", records: "$[*]", pagination: { kind: page, param: page }, ${how}, table: ${name} }`;
  const lines = [
    source("a", "/x", `auth: { bearer: "\${TOKEN}" }`),
    source("b", "/x", `params: { key: "\${TOKEN}" }`),
    source("c", "/x", `headers: { x-token: "\${TOKEN}" }`),
    source("d", "/gone", `params: { key: "\${TOKEN}" }`),
    source("e", "/gone", `auth: { query: { name: key, value: "\${TOKEN}" } }`),
    source("f", "/gone", `method: POST, body: { login: { pin: "\${TOKEN}" } }`),
  ];
  await writeFile(join(folder.path, "p.yaml"), `pipeline: s\nsources:\n${lines.join("\n")}\n`);
  const { code, stdout, stderr } = await runOnpoint(folder.path, ["run", "p.yaml", "--json"], {
    TOKEN: secret,
  });
  await new Promise((resolve) => server.close(resolve));
  expect(code, stderr).toBe(3);
  expect(asked.some((line) => /^\/x\?.*key=/.test(line))).toBe(true);
  expect(asked.some((line) => line.startsWith("/gone"))).toBe(true);
  expect(asked.every((line) => line.includes(secret))).toBe(true);
  const dead = await runOnpoint(folder.path, ["dead", "ls", "--json"]);
  const plan = await runOnpoint(folder.path, ["plan", "p.yaml", "--json"], { TOKEN: secret });
  expect(dead.stdout).toContain("HTTP 404: nothing at /gone");
  expect(dead.stdout).toContain('for {\\"login\\":{\\"pin\\":\\"***\\"}}');
  const told = stdout + stderr + dead.stdout + plan.stdout;
  expect(told).not.toContain(secret);
  for (const file of await readdir(folder.path, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const bytes = await readFile(join(file.parentPath, file.name));
    const isZstd = bytes.subarray(0, 4).toString("hex") === "28b52ffd";
    const isGzip = bytes.subarray(0, 2).toString("hex") === "1f8b";
    const unpacked = isZstd ? zstdDecompressSync(bytes) : isGzip ? gunzipSync(bytes) : bytes;
    expect(unpacked.includes(secret), file.name).toBe(false);
  }
});

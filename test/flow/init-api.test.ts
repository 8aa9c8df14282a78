// The source that `onpoint init api` writes is one that `onpoint validate` accepts, without the secrets it was asked with.
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freshFolder, runOnpoint } from "../support/run-onpoint.ts";

test("looks at an answer and writes a pipeline; says what is wrong when there is none", {
  timeout: 60_000,
}, async () => {
  const server = createServer((request, answer) => {
    const { pathname } = new URL(request.url ?? "/", "http://x");
    const isKnown = request.headers.authorization === "Bearer tok-1";
    if (pathname === "/text") answer.end("<html>");
    else if (pathname === "/empty") answer.end('{"data":[]}');
    else if (!isKnown) answer.writeHead(401).end();
    else {
      const data = [1, 2].map((id) => ({ id, updated_at: "2026-01-01T00:00:00Z" }));
      answer.end(JSON.stringify({ data, meta: { next: "abc" } }));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const at = `http://127.0.0.1:${port}`;
  await using folder = await freshFolder();
  const init = (...args: string[]) => runOnpoint(folder.path, ["init", "api", ...args]);
  const written = await init(
    `${at}/v1/quotes?api_key=s3cret&lang=de`,
    "--bearer",
    "tok-1",
    "--pipeline",
  );
  expect(written.code, written.stderr).toBe(0);
  expect(written.stdout).not.toMatch(/tok-1|s3cret/);
  expect(written.stdout).toContain(
    'pagination: {"kind":"cursor","param":"cursor","next":"$.meta.next"}',
  );
  expect(written.stdout).toContain("tell records apart: id; that may grow: updated_at");
  await writeFile(join(folder.path, "p.yaml"), written.stdout);
  const env = { API_TOKEN: "x", API_KEY: "y" };
  const checked = await runOnpoint(folder.path, ["validate", "p.yaml"], env);
  expect(checked.stdout).toContain("ok: quotes, 1 source(s)");
  const json = JSON.parse((await init(`${at}/v1/quotes`, "--bearer", "tok-1", "--json")).stdout);
  expect(json.source.records).toBe("$.data[*]");
  const wrong = await Promise.all([
    init(`${at}/v1`),
    init(`${at}/text`),
    init(`${at}/empty`),
    init("http://127.0.0.1:1/"),
  ]);
  await new Promise((resolve) => server.close(resolve));
  expect(wrong.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
  expect(wrong.map(({ stderr }) => stderr).join("\n")).toMatch(
    /answered HTTP 401[\s\S]*--bearer TOKEN[\s\S]*is not JSON[\s\S]*has no list of objects[\s\S]*cannot be asked/,
  );
});

test("an OpenAPI document is a hint: its parameters and auth are taken, an unfit one is an error", {
  timeout: 60_000,
}, async () => {
  const server = createServer((_request, answer) => {
    answer.end(JSON.stringify({ data: [{ id: 1 }, { id: 2 }], total: 2 }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await using folder = await freshFolder();
  const files: Record<string, string> = {
    "api.yaml": `openapi: 3.0.3
servers: [{ url: "http://127.0.0.1:${port}/v1" }]
security: [{ key: [] }]
components: { securitySchemes: { key: { type: apiKey, in: header, name: X-Key } } }
paths:
  /quotes:
    get:
      parameters:
        - { name: offset, in: query, schema: { type: integer } }
        - { name: limit, in: query, schema: { type: integer, maximum: 200 } }
      responses: { "200": { description: answer, content: {} } }
`,
    "old.json": '{"swagger":"2.0"}',
    "broken.yaml": "openapi: 3.0.0\npaths: [a",
    "text.yaml": "hello",
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder.path, name), text);
  const init = (path: string, file: string, ...more: string[]) => {
    const url = `http://127.0.0.1:${port}${path}`;
    return runOnpoint(folder.path, ["init", "api", url, "--openapi", file, ...more]);
  };
  const written = await init("/v1/quotes", "api.yaml", "--header", "X-Key: s3cret", "--pipeline");
  expect(written.code, written.stderr).toBe(0);
  expect(written.stdout).not.toMatch(/s3cret|headers:/);
  expect(written.stdout).toContain(`# the document asks for an API key in header X-Key
    auth: {"header":{"name":"x-key","value":"\${API_KEY}"}}`);
  expect(written.stdout).toContain(
    'pagination: {"kind":"offset","param":"offset","limitParam":"limit","limit":200}',
  );
  await writeFile(join(folder.path, "p.yaml"), written.stdout);
  const checked = await runOnpoint(folder.path, ["validate", "p.yaml"], { API_KEY: "x" });
  expect(checked.stdout).toContain("ok: quotes, 1 source(s)");
  const wrong = await Promise.all([
    init("/v1/nowhere", "api.yaml"),
    init("/v1/quotes", "missing.yaml"),
    init("/v1/quotes", "old.json"),
    init("/v1/quotes", "broken.yaml"),
    init("/v1/quotes", "text.yaml"),
  ]);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  expect(wrong.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2]);
  expect(wrong.map(({ stderr }) => stderr).join("\n")).toMatch(
    /--openapi: no path of the document fits[\s\S]*cannot be read[\s\S]*is of OpenAPI 2.0[\s\S]*neither JSON nor YAML[\s\S]*is no OpenAPI document/,
  );
});

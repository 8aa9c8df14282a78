// Credentials that are made for each request reach the server, are renewed when it rejects them, and are found nowhere afterwards.
import { createHmac } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { freshFolder, runOnpoint } from "../support/run-onpoint.ts";

const secret = "s3cr3t-Value-43";

test("tokens and signatures", { timeout: 60_000 }, async () => {
  const grants: string[] = [];
  const tokens: string[] = [];
  const signed: string[] = [];
  const server = createServer((request, answer) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://x");
    const authorization = request.headers.authorization ?? "";
    const send = (status: number, value: unknown) =>
      answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    if (pathname === "/token") {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        grants.push(`${authorization} ${Buffer.concat(pieces)}`);
        send(200, { access_token: `${secret}-${grants.length}`, expires_in: 3_600 });
      });
      return;
    }
    if (pathname === "/oauth") tokens.push(authorization);
    // The first token is taken back after a page.
    const isTakenBack = tokens.length > 1 && authorization === tokens[0];
    if (pathname === "/oauth" && isTakenBack) return void send(401, { was: authorization });
    if (pathname === "/never") return void send(401, { error: `no: ${authorization}` });
    const text = `GET ${request.url} ${request.headers["x-time"]}`;
    const right = createHmac("sha256", secret).update(text).digest("hex");
    if (pathname === "/signed" && request.headers["x-sign"] === right) signed.push("right");
    if (pathname === "/aws") signed.push(authorization.split(" ")[0] ?? "");
    const page = Number(searchParams.get("page"));
    send(200, page < 3 ? [{ id: page }] : []);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await using folder = await freshFolder();
  const source = (name: string, auth: string) =>
    `  - { name: ${name}, kind: api, url: "http://${name}.localhost:${port}/${name}", records: "$[*]", pagination: { kind: page, param: page }, auth: ${auth}, table: ${name} }`;
  const oauth2 = (id: string) =>
    `{ oauth2: { tokenUrl: "http://id.localhost:${port}/token", clientId: ${id}, clientSecret: "\${SECRET}" } }`;
  const lines = [
    source("oauth", oauth2("a")),
    source("never", oauth2("b")),
    source(
      "signed",
      `{ sign: { key: "\${SECRET}", text: "{method} {path} {timestamp}", header: x-sign, headers: { x-time: "{timestamp}" } } }`,
    ),
    source(
      "aws",
      `{ aws: { accessKeyId: k, secretAccessKey: "\${SECRET}", sessionToken: "\${SECRET}", region: r, service: s } }`,
    ),
  ];
  await writeFile(join(folder.path, "p.yaml"), `pipeline: c\nsources:\n${lines.join("\n")}\n`);
  const env = { SECRET: secret };
  const { code, stdout, stderr } = await runOnpoint(folder.path, ["run", "p.yaml", "--json"], env);
  await new Promise((resolve) => server.close(resolve));
  expect(code, stderr).toBe(3);
  expect(grants).toHaveLength(4);
  const basic = (id: string) => `Basic ${btoa(`${id}:${secret}`)} grant_type=client_credentials`;
  expect([...grants].sort()).toEqual([basic("a"), basic("a"), basic("b"), basic("b")]);
  expect(signed.filter((each) => each === "right")).toHaveLength(3);
  expect(signed.filter((each) => each === "AWS4-HMAC-SHA256")).toHaveLength(3);
  const counts = await runOnpoint(folder.path, ["sql", "select count(*) n from oauth", "--json"]);
  expect(counts.stdout).toMatch(/"n": "?2"?/);
  const dead = await runOnpoint(folder.path, ["dead", "ls", "--json"]);
  expect(dead.stdout).toContain("HTTP 401: ");
  const plan = await runOnpoint(folder.path, ["plan", "p.yaml", "--json"], env);
  expect(stdout + stderr + dead.stdout + plan.stdout).not.toContain(secret);
  for (const file of await readdir(folder.path, { recursive: true, withFileTypes: true })) {
    if (!file.isFile()) continue;
    const bytes = await readFile(join(file.parentPath, file.name));
    const isZstd = bytes.subarray(0, 4).toString("hex") === "28b52ffd";
    const isGzip = bytes.subarray(0, 2).toString("hex") === "1f8b";
    const text = isZstd ? zstdDecompressSync(bytes) : isGzip ? gunzipSync(bytes) : bytes;
    expect(text.includes(secret), file.name).toBe(false);
  }
});

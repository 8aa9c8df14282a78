// The same run with the lake in S3, and a real upload to S3: a real server, started here.

import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshFolder, query, runOnpoint } from "../support/run-onpoint.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { type SmallWorld, startSmallWorld, writeWorldPipeline } from "../support/small-world.ts";

let world: SmallWorld;
let s3: S3Server;
beforeAll(async () => {
  world = await startSmallWorld();
  s3 = await startS3Server();
});
afterAll(async () => {
  await world?.stop();
  await s3?.stop();
});

test("a lake in S3 and its upload hold what the world holds", { timeout: 120_000 }, async () => {
  await using folder = await freshFolder();
  const pipeline = await writeWorldPipeline(folder.path, world.port);
  const text = await readFile(pipeline, "utf8");
  await writeFile(
    pipeline,
    text.replace(/^upload: .*$/m, `upload: { to: "s3://${s3.bucket}/copy" }`),
  );
  const args = [
    "run",
    pipeline,
    "--date",
    "2026-01-01",
    "--lake",
    `s3://${s3.bucket}/lake`,
    "--json",
  ];
  const { code, stdout, stderr } = await runOnpoint(folder.path, args, s3.env);
  expect(code, stderr.slice(-4_000)).toBe(0);
  const report = JSON.parse(stdout) as { uploads: { files: number; simulated: boolean } };
  expect(report.uploads.simulated).toBe(false);
  expect(report.uploads.files).toBe(31);
  for (const lake of ["lake", "copy"]) {
    const env = { ...s3.env, ONPOINT_LAKE: `s3://${s3.bucket}/${lake}` };
    const [items] = await query(
      folder.path,
      "SELECT count(*)::INT AS n, sum(id)::INT AS total FROM items",
      env,
    );
    expect(items).toEqual({ n: world.expected.items, total: world.expected.itemSum });
    const pages = await query<{ url: string }>(folder.path, "SELECT url FROM pages", env);
    expect(pages.map(({ url }) => url).sort()).toEqual(world.expected.pages);
    const [kinds] = await query(folder.path, "SELECT sum(orders)::INT AS n FROM kinds", env);
    expect(kinds).toEqual({ n: world.expected.orders });
  }
});

// Two runs that crawl one world at the same time, in one installation: a host has one owner for both, so that together they
// are as polite as one alone; and each of them is exact.
import { join } from "node:path";
import { expect, test } from "vitest";
import { findNatsServer } from "../../internal/pod/nats-binary.ts";
import { startNatsServer } from "../../internal/pod/nats-server.ts";
import { freshFolder } from "../support/run-onpoint.ts";
import { makeWorld } from "../support/web/make-world.ts";
import { crawlWorld, quickly, scoreOf } from "../support/web/run-world.ts";
import { startWeb } from "../support/web/start-web.ts";
import { smallWorld } from "../support/web/world.ts";

const seed = Number(process.env.WORLD_SEED ?? 20260101);

test("two runs at once: each is exact, and together they ask no host sooner than allowed", {
  timeout: 180_000,
}, async () => {
  await using folder = await freshFolder();
  await using one = await freshFolder();
  await using other = await freshFolder();
  const world = makeWorld({ ...smallWorld, seed: seed + 10, hosts: 30 });
  const end = new AbortController();
  const nats = await startNatsServer({
    binary: await findNatsServer(process.cwd(), process.env.PATH),
    port: 0,
    storeDir: join(folder.path, "nats"),
    logFile: join(folder.path, "nats.log"),
    signal: end.signal,
    onRestart: () => undefined,
  });
  const web = await startWeb(world.options, join(folder.path, "requests.tsv"));
  const env = { ONPOINT_NATS_URL: nats.url };
  const runs = [
    { in: one, options: { ...quickly, env, pipeline: "one", workers: 2 } },
    { in: other, options: { ...quickly, env, pipeline: "other", workers: 1 } },
  ];
  const crawls = await Promise.allSettled(
    runs.map((run) => crawlWorld(run.in.path, world, web.port, run.options)),
  );
  const arrivals = await web.stop();
  await nats.stop();
  for (const [n, crawl] of crawls.entries()) {
    if (crawl.status === "rejected") throw crawl.reason;
    const { options } = runs[n] as (typeof runs)[number];
    const score = scoreOf(world, web.port, { ...crawl.value, arrivals }, options);
    expect(score.faults, crawl.value.story).toEqual([]);
    // Nothing was taken from the other run.
    expect(score.requests).toBeGreaterThan(1.5 * score.pages);
  }
});

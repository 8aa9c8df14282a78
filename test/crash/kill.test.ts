// kill -9 of role processes and of nats-server at random moments: the run ends by itself or after `onpoint run` again, and
// every table holds exactly what it must.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshFolder, query, runOnpoint, startOnpoint } from "../support/run-onpoint.ts";
import { type SmallWorld, startSmallWorld, writeWorldPipeline } from "../support/small-world.ts";
import { kill, until, victimsOf } from "../support/victims.ts";

const rounds = Number(process.env.CRASH_ROUNDS ?? 20);
const seed = Number(process.env.CRASH_SEED ?? 20260101);
const env = { ONPOINT_LEASE_TTL_MS: "2500", ONPOINT_SEGMENT_MS: "700", ONPOINT_BATCH_MS: "1500" };

let world: SmallWorld;
beforeAll(async () => {
  world = await startSmallWorld();
});
afterAll(async () => {
  await world.stop();
});

/** mulberry32: a small seeded generator, so that a failing round can be run again by CRASH_SEED. */
function generator(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

for (let round = 1; round <= rounds; round += 1) {
  const kinds = ["role", "two roles", "nats", "role, then nats"] as const;
  const kind = kinds[round % kinds.length];
  test(`round ${round}: kill -9 of ${kind} loses nothing and doubles nothing`, {
    timeout: 120_000,
  }, async () => {
    const random = generator(seed + round);
    await using folder = await freshFolder();
    const pipeline = await writeWorldPipeline(folder.path, world.port);
    const running = startOnpoint(
      folder.path,
      ["run", pipeline, "--date", "2026-01-01", "--json"],
      env,
    );
    const killed: string[] = [];
    const strike = (roles: (role: string) => boolean, count: number) => {
      const found = victimsOf(running, folder.path).filter(({ role }) => roles(role));
      for (let n = 0; n < count && found.length > 0; n += 1) {
        const [victim] = found.splice(Math.floor(random() * found.length), 1);
        if (victim !== undefined && kill(victim.pid)) killed.push(victim.role);
      }
    };
    const isRole = (role: string) => role !== "nats";
    if (!(await until(running, 700 + random() * 5_000))) {
      if (kind === "nats") strike((role) => role === "nats", 1);
      else strike(isRole, kind === "two roles" ? 2 : 1);
    }
    if (kind === "role, then nats" && !(await until(running, random() * 1_500)))
      strike((role) => role === "nats", 1);

    let ended = await running.ended;
    for (let again = 0; ended.code !== 0 && again < 2; again += 1) {
      ended = await runOnpoint(
        folder.path,
        ["run", pipeline, "--date", "2026-01-01", "--json"],
        env,
      );
    }
    const story = `killed ${killed.join(", ") || "nothing"}; ${ended.stderr.slice(-3_000)}`;
    expect(ended.code, story).toBe(0);
    const [items] = await query(
      folder.path,
      "SELECT count(*)::INT AS n, count(DISTINCT id)::INT AS ids, sum(id)::INT AS total FROM items",
    );
    expect(items, story).toEqual({
      n: world.expected.items,
      ids: world.expected.items,
      total: world.expected.itemSum,
    });
    const pages = await query<{ url: string }>(folder.path, "SELECT url FROM pages ORDER BY url");
    expect(pages.map((page) => page.url).sort(), story).toEqual(world.expected.pages);
    const [kindsSum] = await query(folder.path, "SELECT sum(orders)::INT AS n FROM kinds");
    expect(kindsSum, story).toEqual({ n: world.expected.orders });
    const last = JSON.parse(await readFile(join(folder.path, ".onpoint/last.json"), "utf8")) as {
      run: string;
    };
    expect(last.run).toBe("world-2026-01-01");
  });
}

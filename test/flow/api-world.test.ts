// An API paged in every way, crawled exactly, in no more requests than there must be, and no faster than allowed.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type ApiWorld, kinds, openApiWorld } from "../support/api/world.ts";
import { freshFolder, query, runOnpoint } from "../support/run-onpoint.ts";

const perSecond = 50;
const rate = `rate: { perSecond: ${perSecond}, concurrency: 4, backoff: 50ms, slowFactor: 0 }`;

async function crawl(world: ApiWorld, workers: number) {
  await using folder = await freshFolder();
  await writeFile(join(folder.path, "p.yaml"), world.yaml(rate));
  const args = ["run", "p.yaml", "--date", "2026-07-01", "--workers", String(workers), "--json"];
  const { code, stderr } = await runOnpoint(folder.path, args);
  expect(code, stderr.slice(-2000)).toBe(0);
  const names = Object.keys(kinds);
  const each = names.map((kind) => `SELECT '${kind}' AS kind, id, name, amount FROM "${kind}"`);
  const rows = await query<{ kind: string; id: number; name: string; amount: string }>(
    folder.path,
    `${each.join(" UNION ALL ")} ORDER BY kind, id`,
  );
  for (const kind of names) {
    const found = rows.filter((row) => row.kind === kind);
    const wanted = world.itemsOf(kind).map(({ id, name, amount }) => `${id} ${name} ${+amount}`);
    expect(found.map(({ id, name, amount }) => `${id} ${name} ${+amount}`)).toEqual(wanted);
    holdsRate(world.asked.filter((asked) => asked.kind === kind).map(({ atMs }) => atMs));
  }
}

/** Requests start at least a gap apart; on the way one may be late by the jitter of a busy machine, and none can be early. */
function holdsRate(times: number[]): void {
  const gapMs = 1000 / perSecond;
  const late = times.map((atMs, i) => atMs - (times[0] ?? 0) - i * gapMs);
  for (const [i, ms] of late.entries()) expect(ms, `request ${i}`).toBeGreaterThan(-150);
}

test.each([1, 4])(
  "every kind of paging, exact and in hardly more requests than there must be: %i workers",
  {
    timeout: 120_000,
  },
  async (workers) => {
    await using world = await openApiWorld(workers);
    await crawl(world, workers);
    for (const kind of Object.keys(kinds)) {
      const asked = world.asked.filter((each) => each.kind === kind);
      expect(asked.length, kind).toBeGreaterThanOrEqual(world.idealOf(kind));
      if (workers === 1) expect(asked.length, kind).toBe(world.idealOf(kind));
      expect(new Set(asked.map(({ method }) => method))).toEqual(
        new Set([kind === "post" || kind === "graphql" ? "POST" : "GET"]),
      );
    }
    // A shard that goes to a worker which started later may ask again for what was in flight.
    const ideal = Object.keys(kinds).reduce((sum, kind) => sum + world.idealOf(kind), 0);
    expect(world.asked.length).toBeLessThanOrEqual(ideal * 1.1);
  },
);

test("429, 5xx, resets, silence, cut and slow answers cost a request each, and no record, within the quotas that hosts tell", {
  timeout: 180_000,
}, async () => {
  await using world = await openApiWorld(3, { faultEvery: 10, hasQuotas: true });
  await crawl(world, 4);
  const costly = world.asked.filter(({ fault }) => fault !== "" && fault !== "slow");
  expect(world.asked.filter(({ fault }) => fault === "over")).toEqual([]);
  expect(new Set(world.asked.map(({ fault }) => fault)).size).toBeGreaterThan(3);
  const ideal = Object.keys(kinds).reduce((sum, kind) => sum + world.idealOf(kind), 0);
  expect(world.asked.length).toBeLessThanOrEqual(ideal * 1.1 + costly.length);
});

// A synthetic API by hand: node test/support/api/run.ts --seed 7 --workers 4 --faults 8 --kill 2
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { freshFolder, query, runOnpoint, startOnpoint } from "../run-onpoint.ts";
import { randomOf } from "../web/random.ts";
import { strike } from "../web/strikes.ts";
import { type ApiWorld, kinds, openApiWorld, refusal } from "./world.ts";

const usage = `node test/support/api/run.ts [options]: crawls an API of every kind of paging; ends with 0 when it is exact
  --seed N     the world (1)
  --workers N  crawl processes (2)
  --rate N     requests per second and host (50)
  --faults N   one request in so many fails, once (0: none)
  --quotas     some hosts allow few requests in a time, and say so
  --refusal    one host answers 422 to all
  --kill N     kills so many processes on the way (0)`;

/** Requests beyond the ideal that a crawl without kills may make: a tenth, and one for each fault. */
const spare = 1.1;
/** A busy machine sends or notes a request so much late. */
const jitterMs = 150;
const maxStarts = 4;

/** What is wrong with the records, the number of requests (unless processes were `killed`) and their pace. */
async function faultsOf(
  world: ApiWorld,
  folder: string,
  perSecond: number,
  killed: number,
): Promise<string[]> {
  const found: string[] = [];
  for (const kind of Object.keys(kinds)) {
    const rows = await query<Record<"id" | "name" | "amount", unknown>>(
      folder,
      `SELECT id, name, amount FROM "${kind}" ORDER BY id`,
    );
    const line = (row: Record<"id" | "name" | "amount", unknown>) =>
      `${row.id} ${row.name} ${Number(row.amount)}`;
    const wanted = world.itemsOf(kind).map(line).join("\n");
    if (rows.map(line).join("\n") !== wanted)
      found.push(`${kind}: ${rows.length} rows, not the ${world.itemsOf(kind).length} there are`);
    const times = world.asked.filter((asked) => asked.kind === kind).map(({ atMs }) => atMs);
    for (const [first, fromMs] of times.entries())
      for (const [more, toMs] of times.slice(first).entries())
        if (toMs - fromMs < (more * 1_000) / perSecond - jitterMs)
          found.push(`${kind}: ${more + 1} requests in ${Math.round(toMs - fromMs)} ms`);
  }
  const ideal = Object.keys(kinds).reduce((sum, kind) => sum + world.idealOf(kind), 0);
  const { asked } = world;
  const over = asked.filter(({ fault }) => fault === "over");
  const costly = asked.filter(({ fault }) => fault !== "" && fault !== "slow").length;
  if (killed === 0 && asked.length > ideal * spare + costly)
    found.push(`${asked.length} requests, ${ideal} are needed, ${costly} failed`);
  // Whoever takes over from a killed process learns of a quota from the first answer.
  if (killed === 0)
    for (const { kind, target } of over) found.push(`${kind}: beyond the quota: ${target}`);
  return found;
}

/** What is wrong with the dead letters: one for the host that refuses all, with a kilobyte of what it says and no secret. */
async function lettersWrong(folder: string): Promise<string[]> {
  const { stdout } = await runOnpoint(folder, ["dead", "ls", "api-2026-07-01", "--json"]);
  const said = refusal.body.replaceAll(refusal.token, "***");
  const found: string[] = [];
  if (stdout.includes(refusal.token)) found.push("a dead letter tells a secret");
  if (stdout.split("HTTP 422").length !== 2) found.push(`not one dead letter: ${stdout}`);
  const start = JSON.stringify(said.slice(0, 1_000)).slice(1, -1);
  if (!stdout.includes(start)) found.push("a dead letter does not say what the host said");
  if (stdout.includes(JSON.stringify(said.slice(0, 1_100)).slice(1, -1)))
    found.push("a dead letter is longer than a kilobyte");
  return found;
}

async function main(): Promise<void> {
  const text = (standard: string) => ({ type: "string", default: standard }) as const;
  const { values } = parseArgs({
    options: {
      seed: text("1"),
      workers: text("2"),
      rate: text("50"),
      faults: text("0"),
      kill: text("0"),
      quotas: { type: "boolean", default: false },
      refusal: { type: "boolean", default: false },
    },
  });
  const [seed, perSecond, count] = [values.seed, values.rate, values.kill].map(Number) as [
    number,
    number,
    number,
  ];
  await using world = await openApiWorld(seed, {
    faultEvery: Number(values.faults),
    hasQuotas: values.quotas,
    isRefusing: values.refusal,
  });
  await using folder = await freshFolder();
  const rate = `rate: { perSecond: ${perSecond}, concurrency: 4, backoff: 50ms, slowFactor: 0 }`;
  await writeFile(join(folder.path, "p.yaml"), world.yaml(rate));
  const args = ["run", "p.yaml", "--date", "2026-07-01", "--workers", values.workers, "--json"];
  const env = { ONPOINT_LEASE_TTL_MS: "2500", ONPOINT_SEGMENT_MS: "700" };
  const running = startOnpoint(folder.path, args, env);
  const strikes = { count, withinMs: 3_000, natsEvery: 4 };
  const killed =
    count === 0 ? [] : await strike(running, folder.path, strikes, randomOf(seed, "strikes"));
  let ended = await running.ended;
  // 3: all is done but what is among the dead letters.
  const wanted = values.refusal ? 3 : 0;
  for (let starts = 1; ended.code !== wanted && starts < maxStarts; starts += 1)
    ended = await runOnpoint(folder.path, args, env);
  if (ended.code !== wanted)
    throw new Error(`onpoint run ended with ${ended.code}: ${ended.stderr.slice(-3_000)}`);
  const faults = await faultsOf(world, folder.path, perSecond, killed.length);
  if (values.refusal) faults.push(...(await lettersWrong(folder.path)));
  const ideal = Object.keys(kinds).reduce((sum, kind) => sum + world.idealOf(kind), 0);
  const facts = { seed, requests: world.asked.length, ideal, killed };
  process.stdout.write(`${JSON.stringify(facts)}\n`);
  for (const fault of faults.slice(0, 20)) process.stdout.write(`  ${fault}\n`);
  process.stdout.write(faults.length === 0 ? "exact\n" : `${faults.length} faults\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n${usage}\n`);
  process.exitCode = 2;
});

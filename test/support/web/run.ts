// A synthetic web by hand: node test/support/web/run.ts --seed 7 --hosts 500 --workers 2 --kill 5
import { mkdir } from "node:fs/promises";
import { parseArgs } from "node:util";
import { freshFolder } from "../run-onpoint.ts";
import { quickly, runWorld } from "./run-world.ts";
import { smallWorld } from "./world.ts";

const usage = `node test/support/web/run.ts [options]: crawls a world and prints the score; ends with 0 when it is exact
  --seed N       the world (1)
  --hosts N      hosts by name, three to a registrable domain (40)
  --pages N      pages of a host, on average (12)
  --faults N     one page in so many has a fault (9); 0: none
  --heavy        also faults that cost tens of seconds or much memory
  --robots KIND  all, fine or none (all): the states that robots.txt files are in
  --without S    a state of robots.txt that no host has; may be repeated
  --workers N    crawl processes (2)
  --rate N       requests per second and host (25)
  --depth N      maxDepth (100)
  --kill N       kills so many crawl workers and nats-servers on the way (0)
  --keep FOLDER  the run's lake, logs and the server's log stay there`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: "string", default: "1" },
      hosts: { type: "string", default: "40" },
      pages: { type: "string", default: "12" },
      faults: { type: "string", default: "9" },
      heavy: { type: "boolean", default: false },
      robots: { type: "string", default: "all" },
      without: { type: "string", multiple: true, default: [] },
      workers: { type: "string", default: "2" },
      rate: { type: "string", default: "25" },
      depth: { type: "string", default: "100" },
      kill: { type: "string", default: "0" },
      keep: { type: "string" },
    },
  });
  const world = {
    ...smallWorld,
    seed: Number(values.seed),
    hosts: Number(values.hosts),
    pagesPerHost: Number(values.pages),
    faultEvery: Number(values.faults),
    heavy: values.heavy,
    robots: values.robots as "all",
    without: values.without as [],
  };
  const options = {
    ...quickly,
    workers: Number(values.workers),
    perSecond: Number(values.rate),
    maxDepth: Number(values.depth),
    strikes: { count: Number(values.kill), withinMs: 3_000, natsEvery: 4 },
  };
  if (values.keep !== undefined) await mkdir(values.keep, { recursive: true });
  await using fresh = values.keep === undefined ? await freshFolder() : null;
  const run = await runWorld(values.keep ?? fresh?.path ?? "", world, options);
  const { faults, ...counts } = run.score;
  const facts = {
    seed: world.seed,
    ...counts,
    seconds: run.seconds,
    starts: run.starts,
    killed: run.killed,
  };
  process.stdout.write(`${JSON.stringify(facts)}\n`);
  for (const fault of faults) process.stdout.write(`  ${fault}\n`);
  process.stdout.write(faults.length === 0 ? "exact\n" : `${faults.length} faults\n`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n${usage}\n`);
  process.exitCode = 2;
});

// A folder of real documentation, crawled and scored by hand: node test/support/web/run-folder.ts FOLDER [workers]

import { freshFolder } from "../run-onpoint.ts";
import { crawlFolder } from "./crawl-folder.ts";
import { expectedOfFolder } from "./folder-site.ts";

async function main(folder: string, workers: number): Promise<void> {
  await using place = await freshFolder();
  const expected = await expectedOfFolder(folder, "/");
  process.stdout.write(`${expected.pages.size} pages, ${expected.missing.size} dead links\n`);
  const crawl = await crawlFolder(place.path, folder, workers);
  const faults = [
    ...[...expected.pages]
      .filter((path) => !crawl.pages.has(path))
      .map((path) => `no row: ${path}`),
    ...[...crawl.pages.keys()]
      .filter((path) => !expected.pages.has(path))
      .map((path) => `a row too many: ${path}`),
    ...[...crawl.pages].filter(([, n]) => n > 1).map(([path, n]) => `${n} rows: ${path}`),
    ...[...expected.missing]
      .filter((path) => !crawl.dead.has(path))
      .map((path) => `not dead: ${path}`),
    ...[...crawl.dead].filter((path) => !expected.missing.has(path)).map((path) => `dead: ${path}`),
  ];
  for (const fault of faults.slice(0, 50)) process.stdout.write(`  ${fault}\n`);
  process.stdout.write(
    `${crawl.seconds.toFixed(1)} s; ${faults.length === 0 ? "exact" : `${faults.length} faults`}\n`,
  );
  process.exitCode = faults.length === 0 ? 0 : 1;
}

await main(process.argv[2] ?? ".", Number(process.argv[3] ?? 2));

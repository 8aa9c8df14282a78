// Crawlee's CheerioCrawler over the benchmark's pages: robots.txt obeyed, every page once, body to a JSON lines file.
// usage: crawlee-pages.mjs SEEDS-FILE OUTPUT   (run where @crawlee/cheerio can be resolved)
import { createWriteStream, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const require = createRequire(join(process.cwd(), "here.js"));
const { CheerioCrawler, Configuration, log } = require("@crawlee/cheerio");
log.setLevel(log.LEVELS.ERROR);
const [seedsFile, output] = process.argv.slice(2);
const seeds = readFileSync(seedsFile, "utf8").split(/\s+/).filter(Boolean);
const hosts = new Set(seeds.map((seed) => new URL(seed).host));
const out = createWriteStream(output);
const crawler = new CheerioCrawler(
  {
    maxConcurrency: 256,
    minConcurrency: 32,
    respectRobotsTxtFile: true,
    async requestHandler({ request, body, response, enqueueLinks }) {
      out.write(
        `${JSON.stringify({ url: request.loadedUrl, status: response.statusCode, body: String(body) })}\n`,
      );
      await enqueueLinks({
        strategy: "all",
        transformRequestFunction: (next) => (hosts.has(new URL(next.url).host) ? next : false),
      });
    },
  },
  new Configuration({ persistStorage: false, purgeOnStart: false }),
);
await crawler.run(seeds);
out.end();

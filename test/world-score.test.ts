// The judge of the worlds, judged: a perfect crawl made from the plan passes, and every kind of fault in it is found.
import { expect, test } from "vitest";
import { type Arrival, formatArrival, parseArrivals } from "./support/web/arrival.ts";
import { expectedCrawl } from "./support/web/expected.ts";
import { makeWorld } from "./support/web/make-world.ts";
import { titleOf } from "./support/web/page-body.ts";
import { randomOf } from "./support/web/random.ts";
import { type Crawled, scoreCrawl } from "./support/web/score.ts";
import { relativeTo, spell } from "./support/web/spelling.ts";
import { smallWorld, urlOf } from "./support/web/world.ts";

const port = 8_000;
const world = makeWorld({ ...smallWorld, seed: 5 });
const limits = { maxDepth: 100, retries: smallWorld.retries };
const pace = { gapMs: 10, concurrency: 2, backoffMs: 20 };
const expected = expectedCrawl(world, limits);

/** What a perfect crawl of the world tells: each address once, one after the other, without its faults. */
function perfect(): Crawled & { arrivals: Arrival[] } {
  const pages = [...expected.pages].map(([address, depth]) => {
    const page = world.pages.get(address);
    return { url: urlOf(address, port), title: page ? titleOf(page) : null, depth };
  });
  const dead = [...expected.dead].map(([address, { source }]) => ({
    subject: urlOf(address, port),
    reason: source.replace(" .*", " x ").replaceAll("\\", "").replace(/\|.*/, ""),
  }));
  const addresses = [...world.hosts.keys()].map((host) => `${host}/robots.txt`);
  addresses.push(...expected.requests.keys());
  const arrivals = addresses.map((address, n) => arrivalOf(address, n * 2_000));
  return { pages, dead, arrivals };
}

function arrivalOf(address: string, atMs: number, more: Partial<Arrival> = {}): Arrival {
  const slash = address.indexOf("/");
  return {
    ...{ atMs, lateMs: 1, answeredMs: atMs, endMs: atMs, connection: 1, userAgent: "onpoint/0.1" },
    ...{
      host: address.slice(0, slash),
      path: address.slice(slash),
      status: 200,
      retryAfterMs: null,
    },
    ...more,
  };
}

const faultsOf = (crawled: Crawled) => scoreCrawl(world, crawled, limits, pace, port).faults;
const lastMs = 10_000_000;
const [first] = world.seeds as [string];

test("a perfect crawl has no fault", () => {
  expect(faultsOf(perfect())).toEqual([]);
  expect(expected.pages.size).toBeGreaterThan(200);
  expect(expected.dead.size).toBeGreaterThan(20);
  expect(expected.forbidden.size).toBeGreaterThan(20);
});

test.each<[string, (crawled: ReturnType<typeof perfect>) => void, RegExp]>([
  ["a page is missing", ({ pages }) => pages.pop(), /no row for/],
  ["a page is there twice", ({ pages }) => pages.push(pages[0] as never), /two rows for/],
  ["a page too many", ({ pages }) => pages.push({ url: "x", title: null, depth: 0 }), /too many/],
  ["another page's body", ({ pages }) => ((pages[0] as { title: string }).title = "y"), /title/],
  ["a dead letter is missing", ({ dead }) => dead.pop(), /no dead letter/],
  ["a dead letter too many", ({ dead }) => dead.push({ subject: "x", reason: "" }), /too many/],
  ["another reason", ({ dead }) => ((dead[0] as { reason: string }).reason = "y"), /says "y"/],
  [
    "a forbidden page",
    ({ arrivals }) => arrivals.push(arrivalOf([...expected.forbidden][0] ?? "", lastMs)),
    /is forbidden/,
  ],
  [
    "a decoy",
    ({ arrivals }) => arrivals.push(arrivalOf(`${first}decoy/script`, lastMs)),
    /nothing leads to/,
  ],
  [
    "a page before robots.txt",
    ({ arrivals }) => arrivals.unshift(arrivalOf(first, -5_000)),
    /before robots.txt/,
  ],
  [
    "two requests side by side",
    ({ arrivals }) => arrivals.push(arrivalOf(first, lastMs), arrivalOf(first, lastMs + 5)),
    /6.0 ms after .* 10 are allowed/,
  ],
  [
    "a request within Retry-After",
    ({ arrivals }) =>
      arrivals.push(
        arrivalOf(first, lastMs, { status: 503, retryAfterMs: 1_000 }),
        arrivalOf(first, lastMs + 900),
      ),
    /100.0 ms too soon/,
  ],
  [
    "three requests at once",
    ({ arrivals }) =>
      arrivals.push(
        ...[0, 50, 100].map((n) => arrivalOf(first, lastMs + n, { endMs: lastMs + 500 })),
      ),
    /3 requests at once/,
  ],
])("found: %s", (_name, spoil, fault) => {
  const crawled = perfect();
  spoil(crawled);
  const faults = faultsOf(crawled);
  expect(faults.length).toBeGreaterThan(0);
  expect(faults.join("\n")).toMatch(fault);
});

test("a request that the server read late is no proof", () => {
  const { arrivals, ...rest } = perfect();
  arrivals.push(arrivalOf(first, lastMs, { lateMs: 8 }), arrivalOf(first, lastMs + 5));
  expect(faultsOf({ ...rest, arrivals })).toEqual([]);
});

test("a seed gives one world, another seed another", () => {
  const again = makeWorld({ ...smallWorld, seed: 5 });
  expect([...again.pages]).toEqual([...world.pages]);
  expect(again.seeds).toEqual(world.seeds);
  expect([...makeWorld({ ...smallWorld, seed: 6 }).pages]).not.toEqual([...world.pages]);
});

test("however a link is written, URL parsers read the same address", () => {
  const random = randomOf("spelling");
  const normal = (url: string) =>
    url
      .replace(/[?&]utm_source=here&utm_medium=link|gclid=Ab-9&/, "")
      .replace(/%3(\d)/g, "$1")
      .replace(/%\w\w/g, (octet) => octet.toUpperCase());
  for (let n = 0; n < 5_000; n += 1) {
    const [host, toHost] = [random.pick(["h1.x.localhost", "h2.x.localhost"]), "h1.x.localhost"];
    const path = random.pick(["/", "/a/b/c?d", "/a/b/", "/x"]);
    const toPath = random.pick(["/", "/a/b/7", "/a/x?id=5", "/a/b/", "/caf%C3%A9/7", "/a;v=1/3"]);
    const base = random.oneIn(2) ? "/base/of/" : null;
    const href = spell({ host, path, toHost, toPath, port }, base, random);
    const read = new URL(href, `http://${host}:${port}${base ?? path}`);
    read.hash = "";
    read.hostname = read.hostname.replace(/\.$/, "");
    expect(normal(read.href.replace(/\?$/, "")), href).toBe(`http://${toHost}:${port}${toPath}`);
  }
  expect(relativeTo("/a/b/c", "/a/x/y?z")).toBe("../x/y?z");
});

test("a log is read as it was written, in the order of arrival", () => {
  const arrivals = [arrivalOf("a/x", 1), arrivalOf("b/y", 2, { retryAfterMs: 5, status: 503 })];
  expect(parseArrivals([...arrivals].reverse().map(formatArrival).join(""))).toEqual(arrivals);
  expect(() => parseArrivals("nonsense")).toThrow("no line of a server's log");
});

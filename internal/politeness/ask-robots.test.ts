// The HTTP half of RFC 9309 (section 2.3.1), against a web of answers by URL.
import { expect, test } from "vitest";
import { FetchFault } from "../fetch/fetch-fault.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import { askRobots } from "./ask-robots.ts";

const hourMs = 3_600_000;
const file = "User-agent: *\nDisallow: /a\nSitemap: /s.xml";

const answer = (status: number, more: { location?: string; body?: string } = {}): Exchange => ({
  status,
  headers: more.location === undefined ? {} : { location: more.location },
  statusText: "",
  rawHeaders: [],
  httpVersion: "1.1",
  ip: null,
  request: { method: "GET", target: "/", headers: [], body: null },
  body: Buffer.from(more.body ?? ""),
  truncated: false,
  firstByteMs: 0,
  totalMs: 0,
});

/** Asks `https://a.test/robots.txt`, at the time 0; `web` gives the answer to each URL. */
const ask = async (web: (url: string) => Exchange | FetchFault, tries = 0) => {
  const asked: string[] = [];
  const visit = async (url: string) => {
    asked.push(url);
    return web(url);
  };
  const question = { origin: "https://a.test", productToken: "onpoint", tries };
  return { asked, entry: await askRobots(question, visit, () => 0) };
};

/** A chain of redirects that ends in the file after `hops` of them. */
const chain = (hops: number) => (url: string) => {
  const at = Number(new URL(url).searchParams.get("hop"));
  return at === hops ? answer(200, { body: file }) : answer(302, { location: `/r?hop=${at + 1}` });
};

test("an answer with rules binds for a day, and names sitemaps by its own URL", async () => {
  const { asked, entry } = await ask(() => answer(200, { body: file }));
  expect(asked).toEqual(["https://a.test/robots.txt"]);
  expect(entry).toMatchObject({ state: "rules", untilMs: 24 * hourMs, tries: 0 });
  expect([entry.robots?.allows("/a"), entry.robots?.allows("/b")]).toEqual([false, true]);
  expect(entry.robots?.sitemaps).toEqual(["https://a.test/s.xml"]);
});

test("five redirects are followed, to other hosts too; the sixth is like a file that is not there", async () => {
  const { asked, entry } = await ask(chain(5));
  expect([asked.length, entry.state]).toEqual([6, "rules"]);
  const more = await ask(chain(6));
  expect([more.asked.length, more.entry.state, more.entry.robots]).toEqual([6, "allow", null]);
  const abroad = await ask((url) =>
    url.startsWith("https://a.test/")
      ? answer(301, { location: "http://b.test/rules" })
      : answer(200, { body: file }),
  );
  expect(abroad.asked).toEqual(["https://a.test/robots.txt", "http://b.test/rules"]);
  expect(abroad.entry.robots?.sitemaps).toEqual(["http://b.test/s.xml"]);
});

test("a loop of redirects ends, and so does one that leads nowhere", async () => {
  const loop = await ask((url) => answer(302, { location: url }));
  expect([loop.asked.length, loop.entry.state]).toEqual([6, "allow"]);
  for (const location of [undefined, "", "mailto:a@b.c", "http://["]) {
    const more = location === undefined ? {} : { location };
    const { asked, entry } = await ask(() => answer(303, more));
    expect([location, asked.length, entry.state]).toEqual([location, 1, "allow"]);
  }
});

test("a redirect that ends in a refusal or a fault is what it ends in", async () => {
  const ending = (last: Exchange | FetchFault) => (url: string) =>
    url.endsWith("/robots.txt") ? answer(302, { location: "/moved" }) : last;
  expect((await ask(ending(answer(404)))).entry.state).toBe("allow");
  expect((await ask(ending(answer(503)))).entry.state).toBe("disallow");
  expect((await ask(ending(new FetchFault("timeout", "too slow")))).entry.state).toBe("disallow");
});

test.each([401, 403, 404, 410])("%i allows everything, for a day", async (status) => {
  const { entry } = await ask(() => answer(status, { body: file }));
  expect(entry).toMatchObject({ state: "allow", robots: null, untilMs: 24 * hourMs });
});

test.each([429, 500, 503, 599])(
  "%i forbids everything, and is asked again soon",
  async (status) => {
    const { entry } = await ask(() => answer(status, { body: file }), 1);
    expect(entry).toMatchObject({ state: "disallow", robots: null, tries: 2 });
    expect(entry.untilMs).toBeGreaterThan(0);
    expect(entry.untilMs).toBeLessThan(hourMs);
    expect(entry.why).toBe(`it answers ${status}`);
  },
);

test("a host that cannot be reached is closed, and a good answer forgives it", async () => {
  const { entry } = await ask(() => new FetchFault("dns", "no such host"), 4);
  expect(entry).toMatchObject({ state: "disallow", tries: 5, why: "no such host" });
  expect((await ask(() => answer(200), 5)).entry).toMatchObject({ state: "allow", tries: 0 });
});

test("a page in the place of the file has no rules", async () => {
  const body = "<!doctype html><title>Not found</title><p>User-agent: * Disallow: /</p>";
  const { entry } = await ask(() => answer(200, { body }));
  expect([entry.state, entry.robots?.allows("/")]).toEqual(["allow", true]);
});

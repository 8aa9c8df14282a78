// Pages of a world: a tree over all hosts, so that each can be reached, and random links over it. What a page comes to is
// not decided here but by expected.ts.
import { bodyForms, type FaultName, faults } from "./faults.ts";
import { type Random, randomOf } from "./random.ts";
import { type Address, type Host, isDown, type Page, type WorldOptions } from "./world.ts";

/** Paths that no rule set forbids; `N` becomes a number. */
const paths = [
  "/p-N",
  "/docs/N",
  "/docs/deep/er/N.html",
  "/item?id=N",
  "/list?b=N&a=1",
  "/with%20space/N",
  "/caf%C3%A9-N",
  "/%E6%97%A5%E6%9C%AC/N",
  "/a;v=1/N",
  "/~user/N",
  "/Upper/Case/N",
  "/folder-N/",
  "/a,b(c)/N",
];
const finite = (Object.keys(faults) as FaultName[]).filter(
  (name) => !("heavy" in faults[name]) && faults[name].cost !== "end",
);
const endless = (Object.keys(faults) as FaultName[]).filter(
  (name) => !("heavy" in faults[name]) && faults[name].cost !== "calm",
);
const heavy = (Object.keys(faults) as FaultName[]).filter((name) => "heavy" in faults[name]);

/** Pages by address, the hosts' first pages (`/`) among them. */
export function makePages(options: WorldOptions, hosts: Map<string, Host>): Map<Address, Page> {
  const pages = new Map<Address, Page>();
  for (const host of hosts.values()) makeSite(options, host, pages);
  const random = randomOf(options.seed, "links");
  joinHosts([...hosts.values()], pages, random);
  // How many redirects lead to an address must not depend on which link was followed first.
  const addresses = [...pages].filter(([, page]) => page.kind !== "redirect").map(([key]) => key);
  for (const page of pages.values()) {
    // Whether a body without a type is HTML is for a crawler to guess: such pages lead nowhere.
    if (page.kind !== "html" || page.form === "no type") continue;
    for (let n = random.below(6); n > 0; n -= 1) page.links.push(random.pick(addresses));
  }
  return pages;
}

function makeSite(options: WorldOptions, host: Host, pages: Map<Address, Page>): void {
  const random = randomOf(options.seed, "pages", host.name);
  // Delays and bad states cost time: such hosts are small.
  const size = host.delayMs > 0 ? 3 : 1 + random.below(2 * options.pagesPerHost - 1);
  const own: Page[] = [];
  for (let n = 0; n < size; n += 1) {
    const page = makePage(options, host, n, random);
    own.push(page);
    pages.set(page.host + page.path, page);
    // Only pages that are read lead on.
    const parents = own.slice(0, n).filter((each) => each.kind === "html" && isReadable(each));
    if (parents.length > 0) random.pick(parents).links.push(page.host + page.path);
  }
  if (host.delayMs === 0) addRedirects(host, own, pages, random);
}

function makePage(options: WorldOptions, host: Host, n: number, random: Random): Page {
  const isFirst = n === 0;
  const kind =
    isFirst || !random.oneIn(10) ? "html" : random.pick(["text", "json", "pdf"] as const);
  const page: Page = {
    host: host.name,
    path: "/",
    kind,
    form: isFirst ? "plain" : random.pick(bodyForms),
    links: [],
    base: kind === "html" && random.oneIn(8) ? "/base/of/hrefs/" : null,
    to: null,
    redirectStatus: 0,
    fault: null,
    forbidden: host.robots === "closed",
  };
  if (isFirst) return page;
  const from = random.below(4);
  const ruled = from === 0 ? host.rules.forbidden : from === 1 ? host.rules.allowed : [];
  const template = ruled.length > 0 ? random.pick(ruled) : random.pick(paths);
  page.path = template.replace("N", String(n));
  page.forbidden ||= ruled === host.rules.forbidden && ruled.length > 0;
  if (options.faultEvery > 0 && random.oneIn(options.faultEvery))
    page.fault = makeFault(options, random);
  return page;
}

function makeFault(options: WorldOptions, random: Random): Page["fault"] {
  if (random.oneIn(3)) return { name: random.pick(endless), times: Number.POSITIVE_INFINITY };
  const name = random.pick(options.heavy && random.oneIn(8) ? heavy : finite);
  return { name, times: 1 + random.below(Math.min(2, options.retries)) };
}

function isReadable(page: Page): boolean {
  return !page.forbidden && page.form !== "no type" && Number.isFinite(page.fault?.times ?? 0);
}

/** Chains up to the ten that are followed, and beyond; loops; redirects to nowhere. */
function addRedirects(host: Host, own: Page[], pages: Map<Address, Page>, random: Random): void {
  const first = own[0] as Page;
  const { forbidden } = first;
  const add = (path: string, to: Address | null) => {
    const redirectStatus = random.pick([301, 302, 303, 307, 308]);
    const page: Page = {
      ...first,
      path,
      kind: "redirect",
      form: "plain",
      links: [],
      to,
      redirectStatus,
    };
    pages.set(host.name + path, { ...page, base: null, fault: null, forbidden });
    return host.name + path;
  };
  const entries: Address[] = [];
  for (let n = random.below(3); n > 0; n -= 1) {
    const hops = random.pick([1, 1, 1, 2, 5, 10, 12]);
    const target = random.pick(own);
    let to = target.host + target.path;
    for (let hop = hops; hop > 0; hop -= 1) to = add(`/moved-${n}/${hop}`, to);
    entries.push(to);
  }
  if (random.oneIn(4)) {
    add("/round/1", `${host.name}/round/2`);
    add("/round/2", `${host.name}/round/3`);
    entries.push(add("/round/3", `${host.name}/round/1`));
  }
  if (random.oneIn(4)) entries.push(add("/self", `${host.name}/self`));
  if (random.oneIn(4)) entries.push(add("/nowhere", null));
  for (const entry of entries) first.links.push(entry);
}

/** Each host is linked from one before it that can be read. */
function joinHosts(hosts: readonly Host[], pages: Map<Address, Page>, random: Random): void {
  const readable: Page[] = [];
  const byHost = Map.groupBy(pages.values(), (page) => page.host);
  for (const host of hosts) {
    if (readable.length > 0) random.pick(readable).links.push(`${host.name}/`);
    if (isDown(host)) continue;
    for (const page of byHost.get(host.name) ?? []) {
      if (page.kind === "html" && isReadable(page)) readable.push(page);
    }
  }
}

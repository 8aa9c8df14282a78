// Pages of a world: a tree over all hosts, so that each can be reached, and random links over it. What a page comes to is
// not decided here but by expected.ts.
import { bodyForms, type FaultName, faults } from "./faults.ts";
import { addRedirects, addTraps } from "./make-series.ts";
import { type Random, randomOf } from "./random.ts";
import {
  type Address,
  type Host,
  isDown,
  type Page,
  type Wish,
  type WorldOptions,
} from "./world.ts";

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
  // No random links into chains and series: how many redirects lead to an address must not depend on which link was followed first.
  const addresses = [...pages]
    .filter(([, { kind, trap }]) => kind !== "redirect" && !trap)
    .map(([key]) => key);
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
    const parents = own.slice(0, n).filter(leadsOn);
    if (parents.length > 0) random.pick(parents).links.push(page.host + page.path);
  }
  if (host.delayMs > 0) return;
  addRedirects(own, pages, random);
  addTraps(own, pages, random);
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
    says: null,
    trap: false,
  };
  if (isFirst) return page;
  const from = random.below(4);
  const ruled = from === 0 ? host.rules.forbidden : from === 1 ? host.rules.allowed : [];
  const template = ruled.length > 0 ? random.pick(ruled) : random.pick(paths);
  page.path = template.replace("N", String(n));
  page.forbidden ||= ruled === host.rules.forbidden && ruled.length > 0;
  if (options.faultEvery > 0 && random.oneIn(options.faultEvery))
    page.fault = makeFault(options, random);
  if (kind === "html" && random.oneIn(12)) page.says = makeWish(random);
  return page;
}

function makeFault(options: WorldOptions, random: Random): Page["fault"] {
  if (random.oneIn(3)) return { name: random.pick(endless), times: Number.POSITIVE_INFINITY };
  const name = random.pick(options.heavy && random.oneIn(8) ? heavy : finite);
  return { name, times: 1 + random.below(Math.min(2, options.retries)) };
}

function makeWish(random: Random): Wish {
  const directives = random.pick(["noindex", "nofollow", "none"] as const);
  return { by: random.pick(["meta", "header"] as const), directives };
}

/** Whether its links are read. */
function leadsOn({ kind, forbidden, form, fault, says }: Page): boolean {
  if (kind !== "html" || forbidden || form === "no type") return false;
  return Number.isFinite(fault?.times ?? 0) && (says === null || says.directives === "noindex");
}

/** Each host is linked from one before it that can be read. */
function joinHosts(hosts: readonly Host[], pages: Map<Address, Page>, random: Random): void {
  const readable: Page[] = [];
  const byHost = Map.groupBy(pages.values(), (page) => page.host);
  for (const host of hosts) {
    if (readable.length > 0) random.pick(readable).links.push(`${host.name}/`);
    if (isDown(host)) continue;
    for (const page of byHost.get(host.name) ?? []) {
      if (leadsOn(page)) readable.push(page);
    }
  }
}

// Addresses in a row: chains and loops of redirects, and pages that lead to ever more of their kind.
import type { Random } from "./random.ts";
import type { Address, Page } from "./world.ts";

/** Chains up to the ten that are followed, and beyond; loops; redirects to nowhere. */
export function addRedirects(own: Page[], pages: Map<Address, Page>, random: Random): void {
  const first = own[0] as Page;
  const { host } = first;
  const add = (path: string, to: Address | null) => {
    const redirectStatus = random.pick([301, 302, 303, 307, 308]);
    const page: Page = { ...first, path, kind: "redirect", links: [], base: null };
    pages.set(host + path, { ...page, to, redirectStatus });
    return host + path;
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
    add("/round/1", `${host}/round/2`);
    add("/round/2", `${host}/round/3`);
    entries.push(add("/round/3", `${host}/round/1`));
  }
  if (random.oneIn(4)) entries.push(add("/self", `${host}/self`));
  if (random.oneIn(4)) entries.push(add("/nowhere", null));
  for (const entry of entries) first.links.push(entry);
}

/** Beyond so many of one segment, or of one parameter, in a row it is a trap. */
const maxRepeats = 2;
/** Longer than any crawl of a test is deep. */
const months = 110;

/** Paths and queries that grow, and now and then a calendar, in which each month leads to the next. */
export function addTraps(own: readonly Page[], pages: Map<Address, Page>, random: Random): void {
  const first = own[0] as Page;
  const add = (pathOf: (n: number) => string, count: number, isTrap: (n: number) => boolean) => {
    const series = Array.from({ length: count }, (_, at): Page => {
      const links = at + 1 < count ? [first.host + pathOf(at + 2)] : [];
      return { ...first, path: pathOf(at + 1), links, base: null, trap: isTrap(at + 1) };
    });
    for (const page of series) pages.set(page.host + page.path, page);
    first.links.push(first.host + pathOf(1));
  };
  const grows = (n: number) => n > maxRepeats;
  if (random.oneIn(5)) add((n) => `/loop/${"again/".repeat(n)}`, maxRepeats + 1, grows);
  if (random.oneIn(5)) add((n) => `/grow?${Array(n).fill("a=1").join("&")}`, maxRepeats + 1, grows);
  if (random.oneIn(25))
    add(
      (n) => `/calendar?month=${n}`,
      months,
      () => false,
    );
}

// The traps that only many pages show: a host or a kind of page without end, a calendar, one page under many names. One of
// these for each owner of a shard, who owns its hosts whole. What it knows is lost with the owner: the next one counts from
// nothing, so the caps are for the endless and far above what a site has.
import { type Fingerprint, fingerprint } from "../frontier/fingerprint.ts";
import type { FrontierLink } from "../model/link.ts";
import type { TrapLimits } from "../model/pipeline.ts";
import { CountTable } from "./count-table.ts";
import { type PageDate, pagePattern } from "./path-pattern.ts";

/** Why a page is not fetched; the names are in reports and in docs/pipeline.md. */
export type PageTrap =
  | "trap: pages of host"
  | "trap: pages of pattern"
  | "trap: calendar"
  | "trap: far date";

/** 400 kB at most for each of the two tables. */
const maxSlots = 32_768;
/** A date so many years behind or ahead is nobody's appointment. */
const farYears = { behind: 100, ahead: 2 };

export class PageCaps {
  readonly #year: number;
  /** Pages by host, pattern and calendar. */
  readonly #pages = new CountTable(maxSlots);
  readonly #bodies = new CountTable(maxSlots);

  /** `year`: of the run's date, so that a repeat of it says the same. */
  constructor(year: number) {
    this.#year = year;
  }

  /**
   * Counts a page that is about to be fetched for the first time; gives the reason why it must not be, or null. Seeds always
   * may. What a sitemap names its site wants read: only the cap of its host counts. `host`: host and port.
   */
  pageTrap(link: FrontierLink, host: string, limits: TrapLimits): PageTrap | null {
    if (link.kind !== "page" || link.priority === 0) return null;
    const { source, url } = link;
    if (this.#count(`${source}\n${host}`) > limits.pagesPerHost) return "trap: pages of host";
    if (link.priority === 1) return null;
    const { pattern, date } = pagePattern(url);
    const key = `${source}\n${pattern}`;
    const trap = date === null ? null : this.#dateTrap(key, date, limits);
    if (trap !== null) return trap;
    return this.#count(key) > limits.pagesPerPattern ? "trap: pages of pattern" : null;
  }

  #dateTrap(key: string, { year, isSure }: PageDate, limits: TrapLimits): PageTrap | null {
    const isFar = year < this.#year - farYears.behind || year > this.#year + farYears.ahead;
    if (!isFar) return this.#count(`${key}\ndate`) > limits.dates ? "trap: calendar" : null;
    // `/topic/4567/12` is the twelfth page of a topic.
    if (!isSure) return null;
    return this.#count(`${key}\nfar`) > limits.farDates ? "trap: far date" : null;
  }

  /** How often a host gave this body (a hex digest) to a source, this time counted. */
  timesSeen(source: string, host: string, digest: string): number {
    const { hi, lo } = fingerprint(`${source}\n${host}\n${digest}`);
    return this.#bodies.add(hi, lo);
  }

  #count(text: string): number {
    const { hi, lo }: Fingerprint = fingerprint(text);
    return this.#pages.add(hi, lo);
  }
}

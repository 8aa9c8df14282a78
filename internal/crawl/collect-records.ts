// What follows from each record of an API's answer: first pages of its children, and how far an incremental source was read.
import type { FrontierLink } from "../model/link.ts";
import type { ApiSource } from "../model/pipeline.ts";
import { childLinks, fieldOf } from "../paging/child-requests.ts";
import { greater, waterText } from "../recrawl/high-water.ts";

/** Records of one answer, one after the other. */
export class RecordCollector {
  readonly links: FrontierLink[] = [];
  readonly drops: Record<string, number> = {};
  /** The greatest value of the incremental field; null before there is one. */
  high: string | null = null;
  readonly #link: FrontierLink;
  readonly #field: string | null;
  readonly #children: readonly ApiSource[];

  constructor(link: FrontierLink, source: ApiSource, children: readonly ApiSource[]) {
    this.#link = link;
    this.#field = source.incremental?.field ?? null;
    this.#children = children;
  }

  /** Whether records are worth a look. */
  get isNeeded(): boolean {
    return this.#field !== null || this.#children.length > 0;
  }

  add(records: readonly unknown[]): void {
    for (const child of this.#children) {
      const found = childLinks(child, records, this.#link);
      for (const each of found.links) this.links.push(each);
      if (found.missed > 0) this.#drop(`${child.name}: no value for its url`, found.missed);
    }
    if (this.#field === null) return;
    for (const each of records) {
      const value = waterText(fieldOf(each, this.#field));
      if (value === null) this.#drop(`incremental: no ${this.#field}`, 1);
      else this.high = this.high === null ? value : greater(this.high, value);
    }
  }

  #drop(reason: string, count: number): void {
    this.drops[reason] = (this.drops[reason] ?? 0) + count;
  }
}

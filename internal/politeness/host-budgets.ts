// Holds hosts to the budgets of their sources (requests an hour, a day, a month), over all processes and runs: requests are
// taken, a few at a time, from the host's book in the queue's small state (`budget/<authority>`) by compare-and-swap, before
// any of them is sent. A process that dies loses what it had taken and not sent, a hundredth of a budget at most.
import { randomUUID } from "node:crypto";
import type { Queue } from "../queue/queue.ts";
import type { Clock } from "../std/clock.ts";
import { type BudgetBook, type Grant, newBook, settleGrant, takeGrant } from "./budget-book.ts";
import type { Host } from "./host.ts";

/** Longer than any window that a book has to remember. */
const bookTtlMs = 33 * 86_400_000;

/** The requests that a process has taken for a host. `untilMs`: epoch. */
export type HostGrant = Grant & { id: string; left: number };

export class HostBudgets {
  readonly #queue: Pick<Queue, "changeState">;
  readonly #clock: Clock;

  constructor(queue: Pick<Queue, "changeState">, clock: Clock) {
    this.#queue = queue;
    this.#clock = clock;
  }

  /** Whether a request may start only after {@link take}. */
  mustTake(host: Host): boolean {
    return host.budgets.length > 0 && !host.hasGrant(this.#clock.wallMs());
  }

  /** Takes requests for a host, or makes it wait until there are some again. Throws what the queue throws. */
  async take(host: Host): Promise<void> {
    const id = randomUUID();
    const last = host.dropGrant();
    const { budgets } = host;
    const taken = await this.#change(host, (book) => {
      if (last !== null) settleGrant(book, last.id, last.requests - last.left);
      return takeGrant(book, budgets, id, this.#clock.wallMs());
    });
    if ("waitUntilMs" in taken)
      host.waitForBudget(this.#clock.steadyMs() + taken.waitUntilMs - this.#clock.wallMs());
    else {
      const { requests, untilMs } = taken;
      host.takeGrant({ id, requests, untilMs, left: requests }, budgets);
    }
  }

  /** The host is left: what was taken for it and not used may be taken by others. */
  async settle(host: Host): Promise<void> {
    const last = host.dropGrant();
    if (last === null || last.left === 0) return;
    await this.#change(host, (book) => settleGrant(book, last.id, last.requests - last.left));
  }

  async #change<T>(host: Host, body: (book: BudgetBook) => T): Promise<T> {
    let result: { is: T } | null = null;
    await this.#queue.changeState(
      `budget/${nameInKey(host.authority)}`,
      (value) => {
        const before = value === null ? null : Buffer.from(value).toString();
        const book = before === null ? newBook() : (JSON.parse(before) as BudgetBook);
        result = { is: body(book) };
        const after = JSON.stringify(book);
        return after === before ? null : Buffer.from(after);
      },
      bookTtlMs,
    );
    return (result as unknown as { is: T }).is;
  }
}

/** A host and port in a key of the small state: other characters than a key may have are written as `=hex`. */
export function nameInKey(authority: string): string {
  return authority.replace(/[^A-Za-z0-9_.-]/g, (char) => `=${char.charCodeAt(0).toString(16)}`);
}

// A log in memory: appended messages in order, readers that wait for more.

export type MemoryLog<T> = {
  /** Appends what `make` gives for the new sequence (1, 2, ...); returns the sequence. */
  append(make: (seq: number) => T): number;
  all(): T[];
  /** Messages that `matches`, from `fromSeq` on, for ever; returns when `signal` is aborted. */
  read(matches: (message: T) => boolean, fromSeq: number, signal: AbortSignal): AsyncGenerator<T>;
  remove(matches: (message: T) => boolean): void;
};

/** An empty log. */
export function openMemoryLog<T extends { seq: number }>(): MemoryLog<T> {
  let messages: T[] = [];
  let last = 0;
  let more = Promise.withResolvers<void>();

  async function* read(matches: (message: T) => boolean, fromSeq: number, signal: AbortSignal) {
    let next = fromSeq;
    while (!signal.aborted) {
      const message = messages.find((one) => one.seq >= next && matches(one));
      if (message === undefined) {
        await moreOrAborted(more.promise, signal);
        continue;
      }
      next = message.seq + 1;
      yield message;
    }
  }

  return {
    read,
    append: (make) => {
      const message = make(++last);
      messages.push(message);
      more.resolve();
      more = Promise.withResolvers();
      return message.seq;
    },
    all: () => [...messages],
    remove: (matches) => {
      messages = messages.filter((message) => !matches(message));
    },
  };
}

/** Resolves when `more` does or `signal` is aborted. */
export async function moreOrAborted(more: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const aborted = Promise.withResolvers<void>();
  const onAbort = () => aborted.resolve();
  signal.addEventListener("abort", onAbort);
  await Promise.race([more, aborted.promise]);
  signal.removeEventListener("abort", onAbort);
}

// Errors say what happens next, so that the code that catches one needs no table of codes.
// Text = what was being done, to which quoted thing, then why.

/** Trying again cannot help: the task becomes a dead letter at once. */
export class Permanent extends Error {
  override name = "Permanent";
}

/** There was not enough memory: the same again next time, but less of it may fit. */
export class OutOfMemory extends Permanent {
  override name = "OutOfMemory";
}

/** Trying again later can help; `afterMs` is the least time to wait. */
export class RetryLater extends Error {
  override name = "RetryLater";
  readonly afterMs: number;
  constructor(message: string, afterMs: number, options?: ErrorOptions) {
    super(message, options);
    this.afterMs = afterMs;
  }
}

/** Nothing this process does can help: it must end (exit 1). */
export class Fatal extends Error {
  override name = "Fatal";
}

/** A lease is not ours any more: stop touching what it guarded (exit 75). */
export class LostLease extends Error {
  override name = "LostLease";
}

/**
 * The user must change something: exit 2. `what` is wrong, `where` it is (`file:line:column`, an option,
 * a variable), and what to `fix`.
 */
export class UsageError extends Error {
  override name = "UsageError";
  readonly what: string;
  readonly where: string;
  readonly fix: string;
  constructor(what: string, where: string, fix: string, options?: ErrorOptions) {
    super(`${where ? `${where}: ` : ""}${what}${fix ? `\n  ${fix}` : ""}`, options);
    this.what = what;
    this.where = where;
    this.fix = fix;
  }
}

/** Of the operating system: a full disk or the like, which is no fault of the data. */
export const isSystemError = (error: unknown) =>
  error instanceof Error && "syscall" in error && typeof error.syscall === "string";

/** The text of an error and of its causes, on one line. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  while (current !== undefined && current !== null && parts.length < 5) {
    const text = current instanceof Error ? current.message || current.name : String(current);
    if (!parts.includes(text)) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(": ");
}

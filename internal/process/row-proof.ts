// The row proof: what was counted on the way in is what came out, row by row.
import { Permanent } from "../std/errors.ts";

/** Counts of one table of one task. `rowsIn` includes blank lines. */
export type RowCounts = { rowsIn: number; rowsOut: number; quarantined: number; blank: number };

/**
 * Throws unless rows in = rows out + quarantined + blank. Permanent, since the same input gives the same counts: the task
 * becomes a dead letter and nothing it wrote is published.
 */
export function proveRows(table: string, { rowsIn, rowsOut, quarantined, blank }: RowCounts): void {
  if (rowsIn === rowsOut + quarantined + blank) return;
  throw new Permanent(
    `prove the rows of "${table}": ${rowsIn} in, but ${rowsOut} out, ${quarantined} quarantined and ${blank} blank; nothing is published`,
  );
}

// The row proof: what was counted on the way in is what came out, row by row.
import { Permanent } from "../std/errors.ts";

/**
 * Counts of one table of one task. `rowsIn` includes blank lines. `discarded`: left out by the contract `discard_row`.
 * `replaced`: gave way to later rows of the same key.
 */
export type RowCounts = {
  rowsIn: number;
  rowsOut: number;
  quarantined: number;
  blank: number;
  discarded: number;
  replaced: number;
};

/**
 * Throws unless rows in = rows out + quarantined + blank + discarded + replaced. Permanent, since the same input gives the
 * same counts: the task becomes a dead letter and nothing it wrote is published.
 */
export function proveRows(table: string, counts: RowCounts): void {
  const { rowsIn, rowsOut, quarantined, blank, discarded, replaced } = counts;
  if (rowsIn === rowsOut + quarantined + blank + discarded + replaced) return;
  throw new Permanent(
    `prove the rows of "${table}": ${rowsIn} in, but ${rowsOut} out, ${quarantined} quarantined, ${blank} blank, ${discarded} left out and ${replaced} replaced; nothing is published`,
  );
}

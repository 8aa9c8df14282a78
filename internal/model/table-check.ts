// Quality checks of a table: what the pipeline asks for, and what came of it.

/** What rows that fail do: nothing but a line in the report; go to quarantine; fail the run, which then publishes nothing. */
export type CheckVerdict = "warn" | "quarantine" | "fail";

/** Bounds are inclusive; null: none. A NULL passes every check but `not_null`. */
export type TableCheck = { severity: CheckVerdict } & (
  | { kind: "not_null"; column: string }
  /** `per`: over the whole table, or within each partition. Keys with a NULL do not count. */
  | { kind: "unique"; columns: string[]; per: "table" | "partition" }
  | { kind: "accepted"; column: string; values: string[] }
  | { kind: "range"; column: string; min: number | string | null; max: number | string | null }
  /** RE2 syntax; the whole value must match. */
  | { kind: "regex"; column: string; pattern: string }
  | { kind: "foreign_key"; column: string; table: string; field: string }
  /** Rows that a run writes. */
  | { kind: "rows"; min: number | null; max: number | null }
  /** The newest value of `column` that a run writes is at most so old when the run ends. */
  | { kind: "freshness"; column: string; withinMs: number }
);

/** What one task found. `failures`: rows. `newest`: greatest value that `freshness` looks at, ISO 8601, UTC; null: none. */
export type TaskCheck = { check: string; failures: number; newest?: string | null };

/** What a run found. `aside`: rows that are in quarantine; `failures`: rows that are not. `detail`: what no number of rows says. */
export type CheckOutcome = {
  table: string;
  check: string;
  severity: CheckVerdict;
  isPassed: boolean;
  aside: number;
  failures: number;
  detail: string;
};

/** Whether the run may not publish. Rows that should be in quarantine and could not be put there are a failure. */
export function isBreach({ severity, isPassed, failures }: CheckOutcome): boolean {
  return severity === "fail" ? !isPassed : severity === "quarantine" && failures > 0;
}

/** How a check is called in reports and in reasons of quarantine. Two checks of a table have two names. */
export function checkName(check: TableCheck): string {
  switch (check.kind) {
    case "unique":
      return `unique(${check.columns.join(", ")})${check.per === "partition" ? " per partition" : ""}`;
    case "foreign_key":
      return `foreign_key(${check.column} -> ${check.table}.${check.field})`;
    case "rows":
      return "rows";
    case "range":
      return `range(${check.column}: ${check.min ?? ""}..${check.max ?? ""})`;
    case "not_null":
    case "accepted":
    case "regex":
    case "freshness":
      return `${check.kind}(${check.column})`;
  }
}

/** Why the run may not publish, one line a check. */
export function breachesOf(outcomes: readonly CheckOutcome[]): string[] {
  return outcomes.filter(isBreach).map(({ table, check, failures, detail }) => {
    return `check ${check} of ${table}: ${detail || `${failures} rows fail it`}`;
  });
}

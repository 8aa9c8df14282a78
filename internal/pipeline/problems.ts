// Problems of a pipeline file: gathered while the whole file is read, then thrown together as one UsageError.
import { UsageError } from "../std/errors.ts";
import { redactText } from "../telemetry/redact.ts";

/** A place in the file, both 1-based; the file as a whole is line 1, column 1. */
export type Position = { line: number; column: number };

/** What is wrong, and how to put it right. */
export type Problem = Position & { what: string; fix: string };

/** In the order of the file, each once, without passwords in URLs. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const clean = problems.map((problem) => ({
    line: problem.line,
    column: problem.column,
    what: redactText(problem.what),
    fix: redactText(problem.fix),
  }));
  const seen = new Set<string>();
  return clean
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .filter((problem) => {
      const key = `${problem.line}:${problem.column}:${problem.what}`;
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    });
}

/** `file:line:column: what`, then what to do on a line of its own. */
export function problemText(file: string, problem: Problem): string {
  return `${file}:${problem.line}:${problem.column}: ${problem.what}\n  ${problem.fix}`;
}

/** One error that names all problems; `problems` must not be empty. */
export function problemsError(file: string, problems: readonly Problem[]): UsageError {
  const [first] = problems;
  if (problems.length === 1 && first) {
    return new UsageError(first.what, `${file}:${first.line}:${first.column}`, first.fix);
  }
  const texts = problems.map((problem) => problemText(file, problem));
  return new UsageError(`${problems.length} problems\n${texts.join("\n")}`, file, "");
}

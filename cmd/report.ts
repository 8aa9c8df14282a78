// `onpoint report RUN`: all there is to know about a run, as text, JSON or one HTML page.
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { UsageError } from "../internal/std/errors.ts";
import { redactText, redactValue } from "../internal/telemetry/redact.ts";
import type { CommandResult } from "./command-result.ts";
import { findRun, type LakeOptions, withLake } from "./open-lake.ts";
import { reportHtml } from "./report-html.ts";
import { reportSections } from "./report-sections.ts";
import { sectionsText } from "./report-text.ts";
import { readRunDetails } from "./run-details.ts";

export type ReportOptions = LakeOptions & { html?: string };

/** JSON: RunDetails. Reports are passed on, so secrets in URLs are masked. Throws UsageError. */
export function reportCommand(
  run: string | undefined,
  options: ReportOptions,
): Promise<CommandResult> {
  return withLake(options, async (lake) => {
    const details = await readRunDetails(lake.objects, await findRun(lake, run));
    const sections = reportSections(details).map((section) => ({
      ...section,
      rows: section.rows.map((row) => row.map((cell) => redactText(cell))),
    }));
    const json = redactValue(details);
    if (options.html === undefined) return { text: sectionsText(sections), json, exitCode: 0 };
    const file = resolve(options.html);
    await writePage(file, reportHtml(`onpoint: run ${details.manifest.run}`, sections));
    return { text: `wrote ${file}`, json, exitCode: 0 };
  });
}

async function writePage(file: string, page: string): Promise<void> {
  try {
    await writeFile(file, page);
  } catch (error) {
    throw unwritable(file, error);
  }
}

function unwritable(file: string, cause: unknown): UsageError {
  const what = `the report cannot be written (${(cause as NodeJS.ErrnoException).code})`;
  return new UsageError(what, file, "name a file in a folder that can be written", { cause });
}

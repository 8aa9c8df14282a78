// `onpoint`: the command line. Every command is a function that gives text, JSON and an exit code; this file only wires
// them. stdout is for the answer, stderr for all else.
import { Command, CommanderError } from "commander";
import { exitCodeOf, explain } from "../internal/pod/exit-code.ts";
import { parentLink } from "../internal/pod/parent-link.ts";
import { settingsHelp } from "../internal/pod/settings.ts";

type Result = { text: string; json: unknown; exitCode: number };
type Json = { json?: boolean };

const program = new Command("onpoint")
  .description("From APIs, web sites and file drops to a queryable lake of partitioned Parquet.")
  .version("0.1.0")
  .addHelpText("after", () => `\nSettings, by environment variable:\n${settingsHelp()}`)
  .exitOverride()
  .configureOutput({ writeErr: (text) => process.stderr.write(text) });

/** Prints a command's answer and ends with its exit code. */
async function answer(options: Json, result: Promise<Result>): Promise<void> {
  const { text, json, exitCode } = await result;
  const body = options.json ? JSON.stringify(json, null, 2) : text;
  if (body !== "") process.stdout.write(`${body}\n`);
  process.exitCode = exitCode;
}

async function role(code: Promise<number>): Promise<void> {
  process.exitCode = await code;
}

const runOptions = (command: Command) =>
  command
    .option("--date <date>", "the run's date, YYYY-MM-DD (default: today, UTC)")
    .option("--run-id <id>", "the run's id (default: <pipeline>-<date>)")
    .option("--lake <url>", "file:PATH or s3://BUCKET/PREFIX instead of the pipeline's lake")
    .option("--simulate", "upload nothing; print and record what would be sent")
    .option(
      "--only <names>",
      "only these sources or tables, comma-separated; `etl` for the models too",
    )
    .option("--force", "run a finished run again and replace its outputs");

runOptions(program.command("run <pipeline>"))
  .description("run a pipeline on this machine to its end; resumes an unfinished run")
  .option("--workers <n>", "crawl processes")
  .option("--memory <mb>", "DuckDB memory limit of one task, in MB")
  .option("--json", "print the run's report as JSON")
  .action(async (path: string, options) =>
    answer(options, (await import("./run.ts")).runCommand(path, options)),
  );

runOptions(program.command("coordinator <pipeline>", { hidden: true })).action(
  async (path: string, options) =>
    role((await import("./coordinator.ts")).coordinatorCommand(path, options)),
);
program
  .command("crawl", { hidden: true })
  .action(async () => role((await import("./crawl.ts")).crawlCommand()));
for (const name of ["process", "etl", "upload"] as const) {
  program
    .command(name, { hidden: true })
    .action(async () => role((await import("./worker.ts")).workerCommand(name)));
}

/** Ends the process as the error says; a role process tells the parent first. */
function fail(error: unknown): void {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    return;
  }
  process.exitCode = exitCodeOf(error);
  process.stderr.write(`${explain(error)}\n`);
}

try {
  await program.parseAsync();
} catch (error) {
  fail(error);
}
// What is left open (an IPC channel, a keep-alive socket) must not keep a finished command alive.
if (parentLink(process) !== null) process.disconnect?.();
process.exit();

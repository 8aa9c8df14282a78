// `onpoint`: the command line. Every command is a function that gives text, JSON and an exit code; this file only wires
// them. stdout is for the answer, stderr for all else.
import { Command, CommanderError } from "commander";
import { exitCodeOf, explain } from "../internal/pod/exit-code.ts";
import { parentLink } from "../internal/pod/parent-link.ts";
import { settingsHelp } from "../internal/pod/settings.ts";
import type { CommandResult } from "./command-result.ts";

type Json = { json?: boolean };

const program = new Command("onpoint")
  .description("From APIs, web sites and file drops to a queryable lake of partitioned Parquet.")
  .version("0.1.0")
  .addHelpText("after", () => `\nSettings, by environment variable:\n${settingsHelp()}`)
  .showHelpAfterError("(--help tells more)")
  .exitOverride()
  // `--version` behind a command is the command's.
  .enablePositionalOptions()
  .configureOutput({ writeErr: (text) => process.stderr.write(text) });

/** Prints a command's answer and ends with its exit code. */
async function answer(
  options: Json,
  result: Promise<CommandResult> | CommandResult,
): Promise<void> {
  const { text, json, exitCode } = await result;
  process.exitCode = exitCode;
  const body = options.json ? JSON.stringify(json, null, 2) : text;
  if (body !== "") process.stdout.write(`${body}\n`);
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
    .option("--force", "run a finished run again and replace its outputs")
    .option(
      "--full-refresh",
      "read incremental sources from their start; what is read replaces what their tables had",
    );

runOptions(program.command("run <pipeline>"))
  .description("run a pipeline on this machine to its end; resumes an unfinished run")
  .option(
    "--from <date>",
    "backfill: the first day, YYYY-MM-DD; each window of days is a run of its own",
  )
  .option("--to <date>", "backfill: the last day, YYYY-MM-DD")
  .option("--window <duration>", "backfill: days of a window, such as 7d (default: 1d)")
  .option("--workers <n>", "crawl processes")
  .option("--memory <mb>", "DuckDB memory limit of one task, in MB")
  .option("--json", "print the run's report as JSON")
  .action(async (path: string, options) =>
    answer(options, (await import("./run.ts")).runCommand(path, options)),
  );

const configOption = "JSON file with pipeline variables (default: config/config.json)";

program
  .command("validate <pipeline>")
  .description("check a pipeline file and name every problem with its line")
  .option("--config <file>", configOption)
  .option("--json", "print the problems as JSON")
  .action(async (path: string, options) => {
    const { planOptions } = await import("./plan-options.ts");
    const { configFile, env, cwd, orderModels } = planOptions(options);
    const { validateCommand } = await import("./validate.ts");
    const checkModels = orderModels ?? (async () => undefined);
    return answer(options, validateCommand(path, { configFile, env, cwd, checkModels }));
  });
program
  .command("plan <pipeline>")
  .description("show what a run would do, without doing it")
  .option("--date <date>", "the run's date, YYYY-MM-DD (default: today, UTC)")
  .option("--run-id <id>", "the run's id (default: <pipeline>-<date>)")
  .option("--lake <url>", "file:PATH or s3://BUCKET/PREFIX instead of the pipeline's lake")
  .option("--config <file>", configOption)
  .option("--json", "print the plan as JSON")
  .action(async (path: string, options) => {
    const { planOptions } = await import("./plan-options.ts");
    return answer(options, (await import("./plan.ts")).planCommand(path, planOptions(options)));
  });
program
  .command("schema")
  .description("print the JSON Schema of the pipeline file, for editors")
  .option("--json", "the same: the schema is JSON")
  .action(async (options) => answer(options, (await import("./schema.ts")).schemaCommand()));

const init = program.command("init").description("write a first pipeline");
init
  .command("api <url>")
  .description("look at one answer of a JSON API and write its source, for you to correct")
  .option(
    "--header <line>",
    'a header to send, "name: value"; may be given again',
    (line: string, lines: string[]) => [...lines, line],
    [],
  )
  .option(
    "--bearer <token>",
    "a bearer token to send; the source reads it from the variable API_TOKEN",
  )
  .option("--openapi <file>", "an OpenAPI 3.0 or 3.1 document of the API, JSON or YAML, as a hint")
  .option("--pipeline", "write a whole pipeline file")
  .option("--json", "print the source and all candidates as JSON")
  .action(async (url: string, options) =>
    answer(options, (await import("./init-api.ts")).initApiCommand(url, options)),
  );

/** Commands that read a lake. */
const reading = (command: Command, description: string) =>
  command
    .description(description)
    .option(
      "--lake <url>",
      "file:PATH or s3://BUCKET/PREFIX (default: ONPOINT_LAKE, then the lake of the last run)",
    )
    .option("--json", "print JSON");

reading(program.command("runs"), "list the lake's runs, newest first").action(async (options) =>
  answer(options, (await import("./runs.ts")).runsCommand(options)),
);
reading(program.command("status [run]"), "tell how a run stands (default: the last one)").action(
  async (run: string | undefined, options) =>
    answer(options, (await import("./status.ts")).statusCommand(run, options)),
);
reading(program.command("report [run]"), "tell everything about a run (default: the last one)")
  .option("--html <file>", "write it as one HTML page")
  .action(async (run: string | undefined, options) =>
    answer(options, (await import("./report.ts")).reportCommand(run, options)),
  );
reading(program.command("sql <select>"), "ask the committed tables; `quarantine` has all bad rows")
  .option("--csv", "print CSV")
  .action(async (text: string, options) =>
    answer(options, (await import("./sql.ts")).sqlCommand(text, options)),
  );

const catalog = program.command("catalog").description("the lake's tables");
reading(catalog.command("ls"), "list the tables").action(async (options) =>
  answer(options, (await import("./catalog.ts")).catalogListCommand(options)),
);
reading(catalog.command("show <table>"), "tell a table's columns and partitions").action(
  async (table: string, options) =>
    answer(options, (await import("./catalog.ts")).catalogShowCommand(table, options)),
);

const schemas = program.command("schemas").description("the schemas of the lake's tables");
reading(schemas.command("ls"), "list tables with their newest version").action(async (options) =>
  answer(options, (await import("./schemas.ts")).schemasListCommand(options)),
);
reading(schemas.command("show <table>"), "tell a table's columns")
  .option("--version <n>", "those of this version (default: the newest)")
  .action(async (table: string, options) =>
    answer(options, (await import("./schemas.ts")).schemasShowCommand(table, options)),
  );
reading(
  schemas.command("diff <table> [from] [to]"),
  "tell what changed (default: what the newest version changed)",
).action(async (table: string, from: string | undefined, to: string | undefined, options) =>
  answer(options, (await import("./schemas.ts")).schemasDiffCommand(table, from, to, options)),
);
reading(
  schemas.command("check <file>"),
  "tell what a pipeline, or a schema in a .json file, would change and break; exit 1 if it breaks",
)
  .option("--compatibility <level>", "of a schema (default: as the last runs had it)")
  .option("--config <file>", configOption)
  .action(async (file: string, options) =>
    answer(options, (await import("./check-schemas.ts")).schemasCheckCommand(file, options)),
  );

reading(
  program.command("verify <table>"),
  "read a table's files again and compare rows, digests and statistics",
).action(async (table: string, options) =>
  answer(options, (await import("./verify.ts")).verifyCommand(table, options)),
);

const dead = program.command("dead").description("dead letters: what runs gave up");
reading(
  dead.command("ls [run]"),
  "list dead letters and quarantined rows (default: of the last run)",
).action(async (run: string | undefined, options) =>
  answer(options, (await import("./dead.ts")).deadListCommand(run, options)),
);
reading(dead.command("show <run> <id>"), "tell all about one").action(
  async (run: string, id: string, options) =>
    answer(options, (await import("./dead.ts")).deadShowCommand(run, id, options)),
);
reading(dead.command("replay <run> [ids...]"), "have them tried again (default: all)").action(
  async (run: string, ids: string[], options) =>
    answer(options, (await import("./dead.ts")).deadReplayCommand(run, ids, options)),
);
reading(dead.command("drop <run> [ids...]"), "settle them for good")
  .option("--all", "all of them")
  .action(async (run: string, ids: string[], options) =>
    answer(options, (await import("./dead.ts")).deadDropCommand(run, ids, options)),
  );

const quarantine = program
  .command("quarantine")
  .description("rows that are no rows of their table");
reading(quarantine.command("ls"), "list tables with quarantined rows").action(async (options) =>
  answer(options, (await import("./quarantine.ts")).quarantineListCommand(options)),
);
reading(quarantine.command("show <table>"), "tell reasons, places and raw text").action(
  async (table: string, options) =>
    answer(options, (await import("./quarantine.ts")).quarantineShowCommand(table, options)),
);
reading(quarantine.command("replay <table>"), "try rows again with today's schema")
  .option("--run <id>", "only rows of this run")
  .option("--pipeline <file>", "with the settings of this pipeline, not of the last run")
  .option("--config <file>", configOption)
  .action(async (table: string, options) =>
    answer(options, (await import("./quarantine.ts")).quarantineReplayCommand(table, options)),
  );

runOptions(program.command("coordinator <pipeline>", { hidden: true }))
  .option("--days <days>", "the window of a backfill, FROM..UNTIL")
  .action(async (path: string, options) =>
    role((await import("./coordinator.ts")).coordinatorCommand(path, options)),
  );
program
  .command("crawl", { hidden: true })
  .action(async () => role((await import("./crawl.ts")).crawlCommand()));
program
  .command("process-task", { hidden: true })
  .action(async () => role((await import("./process-task.ts")).processTaskCommand()));
for (const name of ["process", "etl", "upload"] as const) {
  program
    .command(name, { hidden: true })
    .action(async () => role((await import("./worker.ts")).workerCommand(name)));
}

/** Ends the process as the error says; a role process tells the parent first. */
function fail(error: unknown): void {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    // Commander has said it on stderr.
    if (error.exitCode !== 0) answerError(error.message, 2);
    return;
  }
  const exitCode = exitCodeOf(error);
  process.exitCode = exitCode;
  const text = explain(error);
  process.stderr.write(`${text}\n`);
  answerError(text, exitCode);
}

function answerError(error: string, exitCode: number): void {
  if (process.argv.includes("--json"))
    process.stdout.write(`${JSON.stringify({ error, exitCode })}\n`);
}

// A reader that has enough (`onpoint sql ... | head`), or a terminal that was closed, changes nothing about how it ended.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  const isGone = error.code === "EPIPE" || error.code === "EIO";
  process.exit(isGone ? process.exitCode : 1);
});
// Nobody reads the log any more: no reason to end a run, which writes it to a file too.
process.stderr.on("error", () => undefined);

try {
  if (process.argv.length <= 2) program.outputHelp();
  else await program.parseAsync();
} catch (error) {
  fail(error);
}
// What is left open (an IPC channel, a keep-alive socket) must not keep a finished command alive.
if (parentLink(process) !== null) process.disconnect?.();
// A pipe takes 64 KiB at a time: the answer must be out before the process is.
await new Promise<void>((done) => process.stdout.write("", () => done()));
process.exit();

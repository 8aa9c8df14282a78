// The hosts that the demo crawls, as a process of its own: node examples/demo/server.ts --port 0 --seed 7 --log FILE
import { renameSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startServer } from "./start-server.ts";

const usage = `node examples/demo/server.ts [--port N] [--seed N] [--log FILE] [--fault-every N] [--ready-file FILE]
  --port         on 127.0.0.1; 0 (the default): a free one
  --seed         of the faults (7)
  --log          one JSON line a request is appended here
  --fault-every  one answer in so many is a 429 or a 503 (50); 0: none
  --ready-file   {"port":N} is written here when the server is ready, as to stdout`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "0" },
      seed: { type: "string", default: "7" },
      log: { type: "string" },
      "fault-every": { type: "string", default: "50" },
      "ready-file": { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const server = await startServer({
    port: wholeNumber("--port", values.port, 65_535),
    seed: wholeNumber("--seed", values.seed, 2 ** 31 - 1),
    faultEvery: wholeNumber("--fault-every", values["fault-every"], 2 ** 31 - 1),
    logFile: values.log ?? null,
  });
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => void server.close());
  const ready = `{"port":${server.port}}\n`;
  const readyFile = values["ready-file"];
  if (readyFile !== undefined) {
    writeFileSync(`${readyFile}.new`, ready);
    renameSync(`${readyFile}.new`, readyFile);
  }
  process.stdout.write(ready);
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= most) return value;
  throw new Error(`${option} is "${text}", expected a whole number from 0 to ${most}`);
}

main().catch((error: unknown) => {
  process.stderr.write(
    `demo server: ${error instanceof Error ? error.message : String(error)}\n${usage}\n`,
  );
  process.exitCode = 2;
});

// The configuration of a process: one row a variable. Parsed once in cmd/, frozen; chart values and docs follow it.
import { z } from "zod";
import { UsageError } from "../std/errors.ts";
import { nearestName } from "../std/nearest-name.ts";
import { redactText } from "../telemetry/redact.ts";

type Field<T> = {
  env: string;
  schema: z.ZodType<T, string>;
  default: T;
  /** What a right value looks like. */
  expected: string;
  help: string;
  secret: boolean;
};

const text = z.string().min(1);
const path = text;
const count = wholeNumber(1, 1_000);
const milliseconds = wholeNumber(1, 2 ** 31 - 1);
const byteUnits: Record<string, number> = { "": 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };
const bytes = z
  .string()
  .regex(/^\d{1,15} ?(KiB|MiB|GiB)?$/)
  .transform((value) => Number.parseInt(value, 10) * (byteUnits[value.replace(/[\d ]/g, "")] ?? 1))
  .pipe(z.number().int().min(1).max(Number.MAX_SAFE_INTEGER));
const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
const numberOf = "a whole number from";
const bytesOf = "bytes, or a number with KiB, MiB or GiB";
const msOf = "milliseconds, a whole number above 0";

const table = {
  natsUrl: field(
    "ONPOINT_NATS_URL",
    natsUrl(),
    null,
    "nats:// or tls:// URL",
    "NATS server; unset: `onpoint run` starts its own",
  ),
  natsPort: field(
    "ONPOINT_NATS_PORT",
    wholeNumber(0, 65_535),
    0,
    `${numberOf} 0 to 65535`,
    "port of the NATS server that `onpoint run` starts; 0: any free one",
  ),
  natsServer: field(
    "ONPOINT_NATS_SERVER",
    path,
    null,
    "a file",
    "nats-server program; unset: .tools/bin of the checkout, then PATH",
  ),
  natsToken: secret("ONPOINT_NATS_TOKEN", text, null, "a token", "authentication token for NATS"),
  lake: field(
    "ONPOINT_LAKE",
    lakeUrl(),
    null,
    "file:PATH or s3://BUCKET/PREFIX",
    "lake that is used instead of the pipeline's",
  ),
  state: field(
    "ONPOINT_STATE",
    path,
    ".onpoint",
    "a folder",
    "local state: NATS store, scratch, last run",
  ),
  shards: field(
    "ONPOINT_SHARDS",
    wholeNumber(1, 65_536),
    256,
    `${numberOf} 1 to 65536`,
    "frontier shards of the installation; never change it while runs are unfinished",
  ),
  workers: field("ONPOINT_WORKERS", count, 2, `${numberOf} 1 to 1000`, "crawl processes at most"),
  processWorkers: field(
    "ONPOINT_PROCESS_WORKERS",
    count,
    1,
    `${numberOf} 1 to 1000`,
    "process processes at most",
  ),
  memoryMb: field(
    "ONPOINT_MEMORY_MB",
    wholeNumber(64, 2 ** 20),
    384,
    `${numberOf} 64 to 1048576`,
    "DuckDB memory limit of one task, in MB; at most half of the container's memory",
  ),
  leaseTtlMs: field(
    "ONPOINT_LEASE_TTL_MS",
    milliseconds,
    6_000,
    msOf,
    "a shard's owner is replaced after this long without a sign of life",
  ),
  segmentMs: field(
    "ONPOINT_SEGMENT_MS",
    milliseconds,
    10_000,
    msOf,
    "longest time that pages are gathered into one segment",
  ),
  segmentBytes: field(
    "ONPOINT_SEGMENT_BYTES",
    bytes,
    32 * 2 ** 20,
    bytesOf,
    "size at which a segment is written",
  ),
  maxInFlight: field(
    "ONPOINT_MAX_IN_FLIGHT",
    wholeNumber(1, 10_000),
    256,
    `${numberOf} 1 to 10000`,
    "requests that a crawl process has under way at most, over all hosts",
  ),
  snapshotLinks: field(
    "ONPOINT_SNAPSHOT_LINKS",
    wholeNumber(1, 2 ** 31 - 1),
    50_000,
    `${numberOf} 1`,
    "links that a shard sees or fetches, at least, between two snapshots of its frontier",
  ),
  snapshotMs: field(
    "ONPOINT_SNAPSHOT_MS",
    milliseconds,
    60_000,
    msOf,
    "least time between two snapshots of a shard's frontier",
  ),
  batchBytes: field(
    "ONPOINT_BATCH_BYTES",
    bytes,
    256 * 2 ** 20,
    bytesOf,
    "input size at which a batch is cut, and a large file split",
  ),
  batchMs: field("ONPOINT_BATCH_MS", milliseconds, 30_000, msOf, "age at which a batch is cut"),
  healthPort: field(
    "ONPOINT_HEALTH_PORT",
    wholeNumber(1, 65_535),
    null,
    `${numberOf} 1 to 65535`,
    "port where a pod of any role answers /live and /ready; unset: none",
  ),
  logLevel: field(
    "ONPOINT_LOG_LEVEL",
    z.enum(logLevels) as z.ZodType<string, string>,
    "info",
    logLevels.join(", "),
    "least level that is logged",
  ),
  scratch: field(
    "ONPOINT_SCRATCH",
    path,
    null,
    "a folder",
    "space for spilling and copies; unset: a folder in ONPOINT_STATE",
  ),
  userAgent: field(
    "ONPOINT_USER_AGENT",
    z.string().regex(/^[\x20-\x7e]+$/),
    "onpoint/0.1",
    "printable ASCII",
    "User-Agent of requests, and the name looked up in robots.txt",
  ),
  config: field(
    "ONPOINT_CONFIG",
    path,
    null,
    "a file",
    "JSON file with pipeline variables; unset: config/config.json if there is one",
  ),
  s3Endpoint: field(
    "AWS_ENDPOINT_URL_S3",
    httpUrl(),
    null,
    "http:// or https:// URL",
    "S3 endpoint; unset: AWS",
  ),
  s3Region: field("AWS_REGION", text, null, "a region", "AWS region; unset: us-east-1"),
  s3PathStyle: field(
    "ONPOINT_S3_PATH_STYLE",
    flag(),
    null,
    "true or false",
    "bucket in the path instead of the host name; unset: true with AWS_ENDPOINT_URL_S3",
  ),
};

type Table = typeof table;
export type Settings = {
  readonly [K in keyof Table]: Table[K] extends Field<infer T> ? T : never;
};

/**
 * Reads the table's variables; an empty one counts as unset. Throws one UsageError that names every wrong value with
 * what was expected, and every unknown `ONPOINT_` variable with the nearest known name.
 */
export function readSettings(env: Record<string, string | undefined>): Settings {
  const problems: string[] = [];
  const values = Object.entries(table).map(([key, row]) => {
    const given = env[row.env]?.trim();
    if (!given) return [key, row.default];
    const parsed = row.schema.safeParse(given);
    if (parsed.success) return [key, parsed.data];
    const shown = row.secret ? "***" : redactText(given);
    problems.push(`${row.env} is "${shown}", expected ${row.expected}`);
    return [key, row.default];
  });
  const known = Object.values(table).map((row) => row.env);
  for (const name of Object.keys(env)) {
    if (!name.startsWith("ONPOINT_") || known.includes(name)) continue;
    const nearest = nearestName(name, known);
    problems.push(`${name} is not a setting${nearest ? `; did you mean ${nearest}?` : ""}`);
  }
  if (problems.length > 0) {
    throw new UsageError(
      problems.join("\n  "),
      "environment",
      "`onpoint --help` lists all settings",
    );
  }
  return Object.freeze(Object.fromEntries(values) as Settings);
}

/** The table for people: variable, default, meaning; one line each. */
export function settingsHelp(): string {
  const rows = Object.values(table);
  const width = Math.max(...rows.map((row) => row.env.length));
  const defaults = rows.map((row) => (row.default === null ? "-" : String(row.default)));
  const defaultWidth = Math.max(...defaults.map((value) => value.length));
  return rows
    .map(
      (row, i) =>
        `${row.env.padEnd(width)}  ${(defaults[i] ?? "").padEnd(defaultWidth)}  ${row.help}`,
    )
    .join("\n");
}

/** What is in force, one `VARIABLE=value` a line, secrets masked. */
export function printSettings(settings: Settings): string {
  return Object.entries(table)
    .map(([key, row]) => {
      const value = settings[key as keyof Table];
      if (value === null) return `${row.env}=`;
      return `${row.env}=${row.secret ? "***" : redactText(String(value))}`;
    })
    .join("\n");
}

function field<T>(
  env: string,
  schema: z.ZodType<T, string>,
  standard: T,
  expected: string,
  help: string,
): Field<T>;
function field<T>(
  env: string,
  schema: z.ZodType<T, string>,
  standard: null,
  expected: string,
  help: string,
): Field<T | null>;
function field<T>(
  env: string,
  schema: z.ZodType<T, string>,
  standard: T,
  expected: string,
  help: string,
): Field<T> {
  return { env, schema, default: standard, expected, help, secret: false };
}

function secret(
  env: string,
  schema: z.ZodType<string, string>,
  standard: null,
  expected: string,
  help: string,
): Field<string | null> {
  return { ...field(env, schema, standard, expected, help), secret: true };
}

function wholeNumber(least: number, most: number): z.ZodType<number, string> {
  return z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.number().min(least).max(most));
}

function flag(): z.ZodType<boolean, string> {
  return z
    .enum(["true", "false", "1", "0"])
    .transform((value) => value === "true" || value === "1");
}

function natsUrl(): z.ZodType<string, string> {
  return z.string().regex(/^(nats|tls|ws|wss):\/\/[^\s/]+$/);
}

function httpUrl(): z.ZodType<string, string> {
  return z.string().regex(/^https?:\/\/[^\s/]+/);
}

function lakeUrl(): z.ZodType<string, string> {
  return z.string().regex(/^(file:.|s3:\/\/[^\s/]+)/);
}

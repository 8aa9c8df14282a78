import fc from "fast-check";
import { expect, test } from "vitest";
import { UsageError } from "../std/errors.ts";
import { printSettings, readSettings, settingsHelp } from "./settings.ts";

const failure = (env: Record<string, string>) => {
  try {
    readSettings(env);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
  return null;
};

test("without variables every setting has its default, and none can be changed", () => {
  const settings = readSettings({ PATH: "/bin", ONPOINT_LAKE: "" });
  expect(settings).toMatchObject({
    natsUrl: null,
    natsPort: 0,
    lake: null,
    state: ".onpoint",
    shards: 256,
    workers: 2,
    processWorkers: 1,
    memoryMb: 384,
    leaseTtlMs: 6_000,
    segmentMs: 10_000,
    segmentBytes: 33_554_432,
    batchBytes: 268_435_456,
    batchMs: 30_000,
    logLevel: "info",
    s3PathStyle: null,
  });
  expect(Object.isFrozen(settings)).toBe(true);
});

test("values are read as numbers, sizes and flags", () => {
  const settings = readSettings({
    ONPOINT_SHARDS: "16",
    ONPOINT_SEGMENT_BYTES: "2 MiB",
    ONPOINT_BATCH_BYTES: "1000",
    ONPOINT_S3_PATH_STYLE: "1",
    ONPOINT_LAKE: "s3://bucket/lake",
    AWS_ENDPOINT_URL_S3: "http://127.0.0.1:9000",
  });
  expect(settings).toMatchObject({
    shards: 16,
    segmentBytes: 2_097_152,
    batchBytes: 1_000,
    s3PathStyle: true,
    lake: "s3://bucket/lake",
    s3Endpoint: "http://127.0.0.1:9000",
  });
});

test("every wrong value is named with what was expected, an unknown variable with the nearest name", () => {
  expect(
    failure({
      ONPOINT_SHARDS: "many",
      ONPOINT_LOG_LEVEL: "loud",
      ONPOINT_WORKER: "3",
      ONPOINT_Q: "",
    }),
  ).toBe(
    [
      'environment: ONPOINT_SHARDS is "many", expected a whole number from 1 to 65536',
      'ONPOINT_LOG_LEVEL is "loud", expected debug, info, warn, error, silent',
      "ONPOINT_WORKER is not a setting; did you mean ONPOINT_WORKERS?",
      "ONPOINT_Q is not a setting",
      "`onpoint --help` lists all settings",
    ].join("\n  "),
  );
});

test("a number is taken as written or refused, never guessed", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (text) => {
      const refused = failure({ ONPOINT_BATCH_MS: text }) !== null;
      const trimmed = text.trim();
      const number = /^\d{1,15}$/.test(trimmed) ? Number(trimmed) : 0;
      expect(refused).toBe(trimmed !== "" && !(number >= 1 && number <= 2 ** 31 - 1));
    }),
  );
});

test("secrets are masked wherever settings are shown", () => {
  const settings = readSettings({
    ONPOINT_NATS_TOKEN: "s3cret",
    ONPOINT_NATS_URL: "nats://a:b@h:4222",
  });
  const shown = printSettings(settings);
  expect(shown).toContain("ONPOINT_NATS_TOKEN=***");
  expect(shown).toContain("ONPOINT_NATS_URL=nats://***@h:4222");
  expect(shown).not.toContain("s3cret");
});

test("the help has one line a variable", () => {
  expect(settingsHelp()).toMatchInlineSnapshot(`
    "ONPOINT_NATS_URL         -            NATS server; unset: \`onpoint run\` starts its own
    ONPOINT_NATS_PORT        0            port of the NATS server that \`onpoint run\` starts; 0: any free one
    ONPOINT_NATS_SERVER      -            nats-server program; unset: .tools/bin of the checkout, then PATH
    ONPOINT_NATS_TOKEN       -            authentication token for NATS
    ONPOINT_LAKE             -            lake that is used instead of the pipeline's
    ONPOINT_STATE            .onpoint     local state: NATS store, scratch, last run
    ONPOINT_SHARDS           256          frontier shards of the installation; never change it while runs are unfinished
    ONPOINT_WORKERS          2            crawl processes at most
    ONPOINT_PROCESS_WORKERS  1            process processes at most
    ONPOINT_MEMORY_MB        384          DuckDB memory limit of one task, in MB; at most half of the container's memory
    ONPOINT_LEASE_TTL_MS     6000         a shard's owner is replaced after this long without a sign of life
    ONPOINT_SEGMENT_MS       10000        longest time that pages are gathered into one segment
    ONPOINT_SEGMENT_BYTES    33554432     size at which a segment is written
    ONPOINT_MAX_IN_FLIGHT    256          requests that a crawl process has under way at most, over all hosts
    ONPOINT_SNAPSHOT_LINKS   50000        links that a shard sees or fetches, at least, between two snapshots of its frontier
    ONPOINT_SNAPSHOT_MS      60000        least time between two snapshots of a shard's frontier
    ONPOINT_BATCH_BYTES      268435456    input size at which a batch is cut, and a large file split
    ONPOINT_BATCH_MS         30000        age at which a batch is cut
    ONPOINT_HEALTH_PORT      -            port where a pod of any role answers /live and /ready; unset: none
    ONPOINT_LOG_LEVEL        info         least level that is logged
    ONPOINT_SCRATCH          -            space for spilling and copies; unset: a folder in ONPOINT_STATE
    ONPOINT_USER_AGENT       onpoint/0.1  User-Agent of requests, and the name looked up in robots.txt
    ONPOINT_CONFIG           -            JSON file with pipeline variables; unset: config/config.json if there is one
    AWS_ENDPOINT_URL_S3      -            S3 endpoint; unset: AWS
    AWS_REGION               -            AWS region; unset: us-east-1
    ONPOINT_S3_PATH_STYLE    -            bucket in the path instead of the host name; unset: true with AWS_ENDPOINT_URL_S3"
  `);
});

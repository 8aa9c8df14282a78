// One task of the process bench in a process of its own, so that the OS tells its CPU time and peak memory. Prints JSON.
//
// usage: node run-task.ts onpoint|plain FILE ndjson|csv PARTITION MEMORY_MB SCRATCH
import { createHash } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { DuckDBInstance } from "@duckdb/node-api";
import { sqlText } from "../../../internal/sql/quote.ts";
import { processOne } from "../../support/process-batch.ts";

export type TaskFigures = {
  rowsOut: number;
  quarantined: number;
  files: number;
  sizeBytes: number;
  /** Of all files' names and digests; "" for plain DuckDB. */
  digest: string;
  cpuSeconds: number;
  peakRssBytes: number;
};

const [who = "", file = "", format = "", partition = "", memory = "", scratch = ""] =
  process.argv.slice(2);
const found = who === "plain" ? await plain() : await onpoint();
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
const figures: TaskFigures = {
  ...found,
  cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
  peakRssBytes: maxRSS * 1024,
};
process.stdout.write(JSON.stringify(figures));

async function onpoint() {
  const table = await processOne({
    files: { input: { path: file } },
    config: { partitionBy: [{ name: "part", expression: partition }] },
    memoryLimitMb: Number(memory),
    onlyProof: true,
  });
  const hash = createHash("sha256");
  for (const { relative, sha256 } of table.files) hash.update(`${relative} ${sha256}\n`);
  return {
    rowsOut: table.rowsOut,
    quarantined: table.quarantined,
    files: table.files.length,
    sizeBytes: table.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    digest: hash.digest("hex"),
  };
}

/** What one would write by hand: one COPY on one thread, types declared for JSON, nothing counted or checked. */
async function plain() {
  await mkdir(scratch, { recursive: true });
  const instance = await DuckDBInstance.create(":memory:", {
    threads: "1",
    memory_limit: `${memory}MiB`,
    temp_directory: `${scratch}/spill`,
  });
  const connection = await instance.connect();
  const columns = `{id: 'BIGINT', event_time: 'TIMESTAMPTZ', site: 'VARCHAR', type: 'VARCHAR', price: 'DOUBLE', ok: 'BOOLEAN',
    "user": 'STRUCT(id BIGINT, name VARCHAR, address STRUCT(city VARCHAR, zip VARCHAR, geo STRUCT(lat DOUBLE, lon DOUBLE)))',
    items: 'STRUCT(sku VARCHAR, qty BIGINT)[]', tags: 'VARCHAR[]', url: 'VARCHAR', note: 'VARCHAR'}`;
  const source =
    format === "csv"
      ? `read_csv(${sqlText(file)})`
      : `read_ndjson(${sqlText(file)}, columns=${columns}, auto_detect=false)`;
  const reader = await connection.runAndReadAll(
    `COPY (SELECT *, ${partition} AS part FROM ${source}) TO ${sqlText(`${scratch}/plain`)}
     (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (part), RETURN_STATS)`,
  );
  const files = reader.getRowObjectsJson();
  const sum = (name: string) => files.reduce((total, row) => total + Number(row[name]), 0);
  const [rowsOut, sizeBytes] = [sum("count"), sum("file_size_bytes")];
  await rm(scratch, { recursive: true });
  return { rowsOut, quarantined: 0, files: files.length, sizeBytes, digest: "" };
}

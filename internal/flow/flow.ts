// The flow as a table: what each stage takes, gives, which role runs it, and its body. docs/architecture.md is the same map
// in prose; the local run, the queue's streams and the chart are derived from it or tested against it.
import { batchesToParquet } from "./batches-to-parquet.ts";
import { catalogToNotice } from "./catalog-to-notice.ts";
import { parquetToTables } from "./parquet-to-tables.ts";
import { rawToBatches } from "./raw-to-batches.ts";
import { shardsToRaw } from "./shards-to-raw.ts";
import { tablesToUploads } from "./tables-to-uploads.ts";
import { targetsToShards } from "./targets-to-shards.ts";
import { uploadsToCatalog } from "./uploads-to-catalog.ts";

export type Role = "coordinator" | "crawl" | "process" | "etl" | "upload";

export type Stage = {
  stage: string;
  consumes: string;
  produces: string;
  role: Role;
  run: (...args: never[]) => unknown;
};

export const flow = [
  {
    stage: "targets",
    consumes: "targets",
    produces: "shards",
    role: "coordinator",
    run: targetsToShards,
  },
  { stage: "crawl", consumes: "shards", produces: "raw", role: "crawl", run: shardsToRaw },
  { stage: "batch", consumes: "raw", produces: "batches", role: "coordinator", run: rawToBatches },
  {
    stage: "process",
    consumes: "batches",
    produces: "parquet",
    role: "process",
    run: batchesToParquet,
  },
  { stage: "etl", consumes: "parquet", produces: "tables", role: "etl", run: parquetToTables },
  {
    stage: "upload",
    consumes: "tables",
    produces: "uploads",
    role: "upload",
    run: tablesToUploads,
  },
  {
    stage: "catalog",
    consumes: "uploads",
    produces: "catalog",
    role: "coordinator",
    run: uploadsToCatalog,
  },
  {
    stage: "notice",
    consumes: "catalog",
    produces: "notice",
    role: "coordinator",
    run: catalogToNotice,
  },
] as const satisfies readonly Stage[];

type Chained<T extends readonly Stage[]> = T extends readonly [
  infer A extends Stage,
  infer B extends Stage,
  ...infer Rest extends Stage[],
]
  ? A["produces"] extends B["consumes"]
    ? Chained<readonly [B, ...Rest]>
    : false
  : true;

/** Each stage consumes what the one before it produces: anything else does not compile. */
export const flowIsChained: Chained<typeof flow> = true;

/** The roles, once each, in the order of their stages. */
export const roles: readonly Role[] = [...new Set(flow.map((stage) => stage.role))];

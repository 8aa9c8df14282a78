// The lake's tree: every path in it is made here. Paths are relative to the lake's root and never start with "/".

export const runsFolder = "_onpoint/runs/";
export const tablesFolder = "_onpoint/tables/";
/** Folder of one generation of a run; `token` is `runToken(run, generation)`. */
export const runFolder = (token: string) => `_onpoint/runs/${token}`;
export const runManifestPath = (run: string) => `_onpoint/runs/${run}/manifest.json`;
export const progressPath = (run: string) => `_onpoint/runs/${run}/progress.json`;
export const receiptFolder = (token: string, stage: string) => `${runFolder(token)}/${stage}/`;
export const receiptPath = (token: string, stage: string, task: string) =>
  `${runFolder(token)}/${stage}/${task}.json`;
/** A task that is too large for a message of the queue. */
export const taskPath = (token: string, stage: string, task: string) =>
  `${runFolder(token)}/tasks/${stage}/${task}.json`;
/** The SQL models that a run was planned with. */
export const modelsPath = (token: string) => `${runFolder(token)}/models.json`;
export const rawFolder = (source: string, date: string, token: string) =>
  `raw/${source}/dt=${date}/run=${token}/`;
export const rawFilePath = (source: string, date: string, token: string, segment: string) =>
  `${rawFolder(source, date, token)}${segment}.jsonl.zst`;
/** A body that is too long for a raw file, named by its content. */
export const rawBodyPath = (source: string, date: string, token: string, sha256: string) =>
  `${rawFolder(source, date, token)}${sha256}.body`;
export const warcFilePath = (source: string, date: string, token: string, segment: string) =>
  `${rawFolder(source, date, token)}${segment}.warc.gz`;
/** Snapshots of the frontier: of a run, of a shard, one that is exact for a sequence of the shard's ledger. */
export const frontierFolder = (token: string) => `_onpoint/frontier/${token}/`;
export const frontierShardFolder = (token: string, shard: number) =>
  `${frontierFolder(token)}${String(shard).padStart(4, "0")}/`;
export const frontierSnapshotPath = (token: string, shard: number, ledgerSeq: number) =>
  `${frontierShardFolder(token, shard)}${String(ledgerSeq).padStart(16, "0")}.snap`;
export const quarantineFolder = (table: string, date: string) => `quarantine/${table}/dt=${date}/`;
export const pointerPath = (table: string) => `_onpoint/tables/${table}/current.json`;
export const snapshotPath = (table: string, version: number) =>
  `_onpoint/tables/${table}/v${version}.json`;
export const schemasFolder = "_onpoint/schemas/";
export const schemaFolder = (table: string) => `${schemasFolder}${table}/`;
export const schemaPath = (table: string, version: number) =>
  `${schemaFolder(table)}v${version}.json`;
/** How a source's rows become a table, as of its last run. */
export const tableSettingsFolder = (table: string) => `_onpoint/settings/${table}/`;
export const tableSettingsPath = (table: string, source: string) =>
  `${tableSettingsFolder(table)}${source}.json`;
/** What became of one quarantine file when it was tried again; `id` is made of the file's path. */
export const replayFolder = (table: string) => `_onpoint/replays/${table}/`;
export const replayPath = (table: string, id: string) => `${replayFolder(table)}${id}.json`;

const stateFolder = (source: string) => `_onpoint/state/${source}/`;
export const statePointerPath = (source: string) => `${stateFolder(source)}current.json`;
export const stateVersionPath = (source: string, version: number) =>
  `${stateFolder(source)}v${version}.json`;
/** A file of seen pages is named by its content: what two versions share is there once. */
export const stateFilePath = (source: string, shard: number, sha256: string) =>
  `${stateFolder(source)}${String(shard).padStart(4, "0")}-${sha256.slice(0, 16)}.seen.zst`;
/** Up to where an incremental source was read, and where a run started. */
export const highWaterPath = (source: string) => `${stateFolder(source)}high-water.json`;
export const highWaterPinPath = (token: string, source: string) =>
  `${runFolder(token)}/high-water/${source}.json`;
/** What a segment learned of a source's pages. */
export const seenPath = (token: string, source: string, segment: string) =>
  `${runFolder(token)}/seen/${source}/${segment}.seen.zst`;
/** What a run knew of a source when it began. */
export const seenPinPath = (token: string, source: string) =>
  `${runFolder(token)}/seen/${source}/pin.json`;

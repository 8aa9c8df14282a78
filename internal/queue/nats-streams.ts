// The streams: what each is for, and how it comes to be. Whoever comes first creates them; a later version of onpoint
// changes what may be changed and refuses to run on what may not.
import type { StreamConfig } from "@nats-io/jetstream";
import { Fatal, UsageError } from "../std/errors.ts";
import { type Link, refusalCode } from "./nats-link.ts";
import { rolePrefix } from "./queue-names.ts";

export const frontierStream = "ONPOINT_FRONTIER";
export const shardsStream = "ONPOINT_SHARDS";
export const doneStream = "ONPOINT_DONE";
export const stateStream = "ONPOINT_STATE";
export const workStream = (role: string) => `ONPOINT_WORK_${role.toUpperCase()}`;
/** The one consumer of each work stream. */
export const workConsumer = "work";

export type Storage = "file" | "memory";
type Config = Partial<StreamConfig> & { name: string };

const shardsKey = "onpoint-shards";
/** Longer than the 60 s for which a write is repeated. */
const duplicateWindowNs = 120 * 1_000_000_000;
const fixedFields = ["retention", "storage", "max_consumers"] as const;

/** Makes sure that the four streams that every process uses exist. Throws Fatal or UsageError when they cannot fit. */
export async function ensureStreams(link: Link, shards: number, storage: Storage): Promise<void> {
  const common = {
    storage,
    retention: "limits" as const,
    discard: "old" as const,
    max_msg_size: 1_048_576,
  };
  await ensureStream(link, {
    ...common,
    name: shardsStream,
    // One stream: a write to a shard's ledger names the lease's last sequence, and that check ends at the stream.
    subjects: ["onpoint.lease.>", "onpoint.crawled.*.*"],
    allow_msg_ttl: true,
    allow_rollup_hdrs: true,
    duplicate_window: duplicateWindowNs,
    metadata: { [shardsKey]: String(shards) },
  });
  await ensureStream(link, {
    ...common,
    name: frontierStream,
    subjects: ["onpoint.frontier.*.*"],
    duplicate_window: duplicateWindowNs,
  });
  await ensureStream(link, { ...common, name: doneStream, subjects: ["onpoint.done.*.*.*"] });
  await ensureStream(link, {
    ...common,
    name: stateStream,
    subjects: ["onpoint.state.>"],
    max_msgs_per_subject: 1,
    allow_msg_ttl: true,
    duplicate_window: duplicateWindowNs,
  });
}

/** Makes sure that the queue of a role and its consumer exist. `ackWaitMs`: how long a worker may be silent. */
export async function ensureWork(
  link: Link,
  role: string,
  storage: Storage,
  ackWaitMs: number,
): Promise<void> {
  const prefix = rolePrefix(role);
  await ensureStream(link, {
    name: workStream(role),
    subjects: [`${prefix}.>`],
    storage,
    retention: "workqueue",
    max_msg_size: 1_048_576,
    max_msgs_per_subject: 1,
    discard: "new",
    discard_new_per_subject: true,
  });
  await link.jsm.consumers.add(workStream(role), {
    durable_name: workConsumer,
    ack_policy: "explicit",
    deliver_policy: "all",
    ack_wait: ackWaitMs * 1_000_000,
    max_deliver: -1,
    max_ack_pending: 65_536,
  });
}

async function ensureStream(link: Link, wanted: Config): Promise<void> {
  const existing = await streamConfig(link, wanted.name);
  if (existing === null) {
    try {
      await link.jsm.streams.add(wanted);
      return;
    } catch (error) {
      if (refusalCode(error) !== 10058) throw error; // 10058: somebody made it, otherwise than we would
    }
  }
  const found = existing ?? (await streamConfig(link, wanted.name));
  if (found === null) throw new Fatal(`stream ${wanted.name}: it comes and goes`);
  checkShards(wanted, found);
  const different = Object.keys(wanted).filter((field) => !agrees(field, wanted, found));
  const fixed = different.find((field) => fixedFields.includes(field as "retention"));
  if (fixed !== undefined) {
    throw new Fatal(
      `stream ${wanted.name}: its "${fixed}" is ${JSON.stringify(found[fixed as "retention"])} and cannot be changed; ` +
        `remove it (nats stream rm ${wanted.name}) or use another server`,
    );
  }
  if (different.length > 0) {
    const metadata = { ...found.metadata, ...wanted.metadata };
    await link.jsm.streams.update(wanted.name, { ...found, ...wanted, metadata });
  }
}

async function streamConfig(link: Link, name: string): Promise<StreamConfig | null> {
  try {
    return (await link.jsm.streams.info(name)).config;
  } catch (error) {
    if (refusalCode(error) === 10059) return null;
    throw error;
  }
}

/** Another number of shards would give a host two owners. */
function checkShards(wanted: Config, found: StreamConfig): void {
  const before = found.metadata?.[shardsKey];
  const now = wanted.metadata?.[shardsKey];
  if (now === undefined || before === undefined || before === now) return;
  throw new UsageError(
    `the queue was made for ${before} shards, this process is set to ${now}`,
    `stream ${wanted.name}`,
    `Set the number of shards to ${before} everywhere, or start with an empty queue.`,
  );
}

function agrees(field: string, wanted: Config, found: StreamConfig): boolean {
  if (field === "metadata") {
    return Object.entries(wanted.metadata ?? {}).every(
      ([key, value]) => found.metadata?.[key] === value,
    );
  }
  const key = field as keyof StreamConfig;
  return JSON.stringify(wanted[key]) === JSON.stringify(found[key]);
}

import { queueContract } from "./queue.contract.ts";
import { openMemoryQueue } from "./queue-memory.ts";

queueContract("memory", async () => {
  let nowMs = 1_000_000;
  const ackWaitMs = 200;
  const queue = openMemoryQueue({ now: () => nowMs, ackWaitMs });
  return {
    queue,
    other: queue,
    ackWaitMs,
    passTime: async (ttlMs) => {
      nowMs += ttlMs;
    },
    close: () => queue.close(),
  };
});

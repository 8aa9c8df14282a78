// A robots.txt may redirect to a host of another shard, and a host has one owner: only that one may ask it, at its pace. So
// the request goes to it as a link of kind "robots" on the log of its shard, and what came back is left in the queue's small
// state, for whoever asked, for a while.

import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import { FetchFault } from "../fetch/fetch-fault.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import { packLinks } from "../frontier/link-batch.ts";
import type { ShardLeases } from "../frontier/shard-leases.ts";
import type { ShardOwner } from "../frontier/shard-owner.ts";
import type { FrontierLink } from "../model/link.ts";
import type { RobotsAnswer } from "../politeness/ask-robots.ts";
import type { Queue } from "../queue/queue.ts";
import { robotsBytes } from "../robots/robots.ts";
import type { Clock } from "../std/clock.ts";
import { LostLease } from "../std/errors.ts";
import { packZstd } from "../std/pack-zstd.ts";

/** `fault`: why there is no answer. `body`: base64 of zstd. */
type Left = { fault: string } | { status: number; location?: string; body: string };

const hourMs = 3_600_000;
/** The host may be blocked: then its robots.txt is not to be had for now. */
const patienceMs = 120_000;
const lookAgainMs = 200;

export class Elsewhere {
  readonly #queue: Queue;
  readonly #leases: ShardLeases;
  readonly #clock: Clock;
  readonly #pod: { isStopping: () => boolean; onWait: (change: 1 | -1) => void };

  /** `onWait`: one more, or one less, waits for an answer. */
  constructor(
    { queue, leases }: { queue: Queue; leases: ShardLeases },
    clock: Clock,
    pod: { isStopping: () => boolean; onWait: (change: 1 | -1) => void },
  ) {
    this.#queue = queue;
    this.#leases = leases;
    this.#clock = clock;
    this.#pod = pod;
  }

  /**
   * Has the owner of another shard ask for the target of a redirect of the robots.txt that `via` names; waits for what it
   * leaves, which is good for an hour, for all who ask. A host that is blocked for long gives a fault. Throws LostLease when
   * the pod stops or has lost the shard that asks, and the reason for which its owner was abandoned.
   */
  async ask(
    owner: ShardOwner,
    { url, source, via }: { url: string; source: string; via: string },
  ): Promise<RobotsAnswer | FetchFault> {
    const replay = Math.floor(this.#clock.wallMs() / hourMs);
    const link: FrontierLink = { url, source, kind: "robots", depth: 0, priority: 0, via, replay };
    const key = keyOf(owner.run.token, link);
    this.#pod.onWait(1);
    try {
      let left = await this.#queue.getState(key);
      if (left === null) await this.#append(owner, link);
      const untilMs = this.#clock.steadyMs() + patienceMs;
      while (left === null && this.#clock.steadyMs() < untilMs) {
        await new Promise<void>((resolve) => this.#clock.setTimer(resolve, lookAgainMs));
        owner.signal.throwIfAborted();
        if (this.#pod.isStopping() || !this.#leases.isValid(owner.shard))
          throw new LostLease(`shard ${owner.shard} is given up`);
        left = await this.#queue.getState(key);
      }
      if (left === null) return new FetchFault("timeout", `nobody could ask for ${url}`);
      return await unpack(JSON.parse(Buffer.from(left).toString("utf8")) as Left);
    } finally {
      this.#pod.onWait(-1);
    }
  }

  /** Leaves what came back for a link of kind "robots" to whoever asked. */
  async leave(owner: ShardOwner, link: FrontierLink, answer: Exchange | FetchFault): Promise<void> {
    const left = Buffer.from(JSON.stringify(await pack(answer)));
    await this.#queue.putState(keyOf(owner.run.token, link), left, 2 * hourMs);
  }

  async #append(owner: ShardOwner, link: FrontierLink): Promise<void> {
    const { token, trace } = owner.run;
    await this.#queue.appendLinks(token, owner.shardOf(link.url), await packLinks([link]), trace);
  }
}

async function pack(answer: Exchange | FetchFault): Promise<Left> {
  if (answer instanceof FetchFault) return { fault: answer.message };
  const { status, headers, body } = answer;
  const packed = await packZstd(body.subarray(0, robotsBytes));
  const { location } = headers;
  return {
    status,
    ...(location === undefined ? {} : { location }),
    body: packed.toString("base64"),
  };
}

async function unpack(left: Left): Promise<RobotsAnswer | FetchFault> {
  if ("fault" in left) return new FetchFault("connect", left.fault);
  const packed = Buffer.from(left.body, "base64");
  const body = await promisify(zstdDecompress)(packed, { maxOutputLength: robotsBytes });
  const headers: Record<string, string> = {};
  if (left.location !== undefined) headers.location = left.location;
  return { status: left.status, headers, body };
}

function keyOf(run: string, { source, url, replay }: FrontierLink): string {
  const hash = createHash("sha256").update(`${source}\n${url}\n${replay}`).digest("hex");
  return `robots/${run}/${hash.slice(0, 32)}`;
}

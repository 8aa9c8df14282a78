// Links as they travel on the frontier log: batches that each fit a message, JSON, in a zstd frame when that is worth its making.
import { promisify } from "node:util";
import { zstdDecompress } from "node:zlib";
import type { FrontierLink, LinkBatch } from "../model/link.ts";
import { packZstd } from "../std/pack-zstd.ts";

// A batch must fit a message of the log (below 1 MB) however badly its links compress; a character has up to three bytes.
const maxBatchLinks = 4_000;
const maxBatchChars = 256 * 1024;
// A frame's context takes longer to make than a few links to send: a segment has links for up to all the other shards.
const leastPackedBytes = 4_096;
const openBrace = 0x7b;

/** The links in as many batches as they need, none for no links. A batch holds at most 4,000. */
export async function packBatches(links: readonly FrontierLink[]): Promise<Buffer[]> {
  const batches: Buffer[] = [];
  let part: string[] = [];
  let partChars = 0;
  for (const link of links) {
    const json = JSON.stringify(link);
    const isFull = part.length >= maxBatchLinks || partChars + json.length > maxBatchChars;
    if (isFull && part.length > 0) {
      batches.push(await pack(part));
      part = [];
      partChars = 0;
    }
    part.push(json);
    partChars += json.length + 1;
  }
  if (part.length > 0) batches.push(await pack(part));
  return batches;
}

/** The links in one batch, for few of them or none. */
export function packLinks(links: readonly FrontierLink[]): Promise<Buffer> {
  return pack(links.map((link) => JSON.stringify(link)));
}

/** The links of a batch. Throws when it is damaged. */
export async function unpackLinks(data: Uint8Array): Promise<FrontierLink[]> {
  const json =
    data[0] === openBrace
      ? Buffer.from(data)
      : await promisify(zstdDecompress)(data, { maxOutputLength: 64 * 1024 * 1024 });
  return (JSON.parse(json.toString("utf8")) as LinkBatch).links;
}

async function pack(links: readonly string[]): Promise<Buffer> {
  const json = Buffer.from(`{"links":[${links.join(",")}]}`);
  return json.length < leastPackedBytes ? json : packZstd(json);
}

// Input of the process bench, the same for the same seed: nested NDJSON of 434 bytes a row, and CSV of 20 columns.

import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";

export type Made = { path: string; rows: number; sizeBytes: number; badRows: number };

/** Numbers in [0, 1) that follow from a seed (mulberry32). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Writes rows until there are `sizeBytes`; with `badEvery`, every such row is cut off in its middle. */
export async function makeInput(
  path: string,
  format: "ndjson" | "csv",
  { seed, sizeBytes, badEvery = 0 }: { seed: number; sizeBytes: number; badEvery?: number },
): Promise<Made> {
  const draw = random(seed);
  const below = (n: number) => Math.floor(draw() * n);
  const row = format === "csv" ? csvRow : jsonRow;
  const file = createWriteStream(path);
  const made: Made = { path, rows: 0, sizeBytes: 0, badRows: 0 };
  const header = Array.from({ length: 20 }, (_, i) => `c${i}`).join(",");
  let block = format === "csv" ? `${header}\n` : "";
  while (made.sizeBytes < sizeBytes) {
    for (let i = 0; i < 2_000; i++) {
      const text = row(made.rows++, below);
      const isBad = badEvery > 0 && made.rows % badEvery === 0;
      if (isBad) made.badRows++;
      block += `${isBad ? text.slice(0, text.length / 2) : text}\n`;
    }
    made.sizeBytes += block.length;
    if (!file.write(block)) await once(file, "drain");
    block = "";
  }
  file.end();
  await finished(file);
  return made;
}

type Below = (n: number) => number;
const two = (n: number) => String(n).padStart(2, "0");
const words = Array.from(
  { length: 500 },
  (_, i) => `w${i.toString(36)}${"abcdefghij".slice(0, 3 + (i % 7))}`,
);

function jsonRow(id: number, below: Below): string {
  const word = () => words[below(words.length)];
  const day = two(1 + below(30));
  return JSON.stringify({
    id: 1_000_000 + id,
    event_time: `2026-06-${day}T${two(below(24))}:${two(below(60))}:${two(below(60))}.${String(below(1_000)).padStart(3, "0")}Z`,
    site: `site-${below(2_000)}`,
    type: ["view", "click", "buy", "cart"][below(4)],
    price: below(100_000) / 100,
    ok: below(2) === 0,
    user: {
      id: below(1_000_000),
      name: `${word()} ${word()}`,
      address: {
        city: word(),
        zip: String(10_000 + below(89_999)),
        geo: { lat: below(900_000) / 10_000, lon: below(1_800_000) / 10_000 },
      },
    },
    items: Array.from({ length: 1 + below(3) }, () => ({
      sku: `sku-${below(100_000)}`,
      qty: 1 + below(9),
    })),
    tags: [word(), word()],
    url: `https://example.com/${word()}/${word()}?q=${below(1_000_000)}`,
    note: below(10) < 3 ? null : `${word()} ${word()} ${word()} ${word()}`,
  });
}

function csvRow(id: number, below: Below): string {
  const day = two(1 + below(30));
  return [
    id,
    `2026-06-${day}`,
    `2026-06-${day}T${two(below(24))}:00:00Z`,
    below(1e9),
    below(1e6) / 100,
    below(2) === 0,
    `name ${below(1e5)}`,
    `"q, ${below(100)}"`,
    below(10),
    below(100),
    below(1_000) / 10,
    `site-${below(2_000)}`,
    "",
    `w${below(1e6)}`,
    below(1e4),
    below(1e4) / 1e4,
    `city ${below(300)}`,
    `tag${below(9)}`,
    below(1e7),
    `https://example.com/${below(1e6)}`,
  ].join(",");
}

// An API that answers with hundreds of megabytes: neither the crawl pod nor the process task holds them.
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createGzip } from "node:zlib";
import { expect, test } from "vitest";
import { meterProcessTree } from "../bench/process-tree.ts";
import { freshFolder, query, startOnpoint } from "../support/run-onpoint.ts";

const mebi = 1024 * 1024;
/** Of each of two pages; what is around the records names the next page behind them. */
const pageBytes = 150 * mebi;
const rowsAtOnce = 2_000;
let sentRows = 0;

async function sendLong(answer: ServerResponse, page: number): Promise<void> {
  const coding = page === 1 ? {} : { "content-encoding": "gzip" };
  answer.writeHead(200, { "content-type": "application/json", ...coding });
  const body = page === 1 ? answer : createGzip({ level: 1 });
  if (body !== answer) body.pipe(answer);
  body.write('{"data":[');
  let sentBytes = 0;
  for (let n = 0; sentBytes < pageBytes; n += rowsAtOnce) {
    const rows = Array.from({ length: rowsAtOnce }, (_, i) => rowOf(n + i));
    const text = (n === 0 ? "" : ",") + rows.join(",");
    sentBytes += text.length;
    sentRows += rowsAtOnce;
    if (!body.write(text)) await once(body, "drain");
  }
  body.end(`],"meta":{"next":${page < 2 ? `"p${page + 1}"` : "null"},"total":${sentRows}}}`);
}

/** One of ten thousand is no row. */
function rowOf(n: number): string {
  const twice = n % 10_000 === 7 ? ',"n":2' : "";
  return `{"n":${n},"price":${n}.50,"text":"${"lorem ipsum ".repeat(12)}${n}"${twice}}`;
}

test("long answers are streamed to tables in little memory, and what is no row is set aside", {
  timeout: 300_000,
}, async () => {
  const server = createServer((request, answer) => {
    const page = Number(/cursor=p(\d)/.exec(request.url ?? "")?.[1] ?? 1);
    sendLong(answer, page).catch((error: unknown) => answer.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await using folder = await freshFolder();
  await writeFile(
    join(folder.path, "p.yaml"),
    `pipeline: p
sources:
  - name: long
    kind: api
    url: "http://127.0.0.1:${port}/"
    records: $.data[*]
    columns: [_page]
    envelope: { total: $.meta.total }
    pagination: { kind: cursor, next: $.meta.next }
    table: long
`,
  );
  const { child, ended } = startOnpoint(
    folder.path,
    ["run", "p.yaml", "--date", "2026-07-01", "--json"],
    { ONPOINT_WORKERS: "1" },
  );
  const meter = meterProcessTree(child.pid ?? 0, { everyMs: 50 });
  const { code, stdout, stderr } = await ended;
  const { commands } = meter.stop();
  server.close();
  server.closeAllConnections();
  expect(code, stderr.slice(-2000)).toBe(3);
  const { tables } = JSON.parse(stdout) as {
    tables: Record<string, { rows: number; quarantined: number }>;
  };
  const [found] = await query<Record<string, number>>(
    folder.path,
    "SELECT count(*)::INT AS n, count(DISTINCT _page)::INT AS pages, count(DISTINCT total)::INT AS totals, bool_and(price = n + 0.5) AS exact FROM long",
  );
  const quarantined = tables.long?.quarantined ?? 0;
  expect(found).toEqual({ n: sentRows - quarantined, pages: 2, totals: 2, exact: true });
  expect(quarantined).toBe(2 * Math.ceil((sentRows / 2 - 7) / 10_000));
  const peakMb = Object.fromEntries(
    commands.map(({ name, peakRssBytes }) => [name, Math.round(peakRssBytes / 1e6)]),
  );
  expect(Object.keys(peakMb)).toEqual(
    expect.arrayContaining(["onpoint crawl", "onpoint process", "onpoint coordinator"]),
  );
  for (const [name, peak] of Object.entries(peakMb))
    expect(peak, `${name} of ${JSON.stringify(peakMb)}`).toBeLessThan(300);
});

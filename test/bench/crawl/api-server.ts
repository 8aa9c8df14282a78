// The API that the API bench fetches: PAGES pages of SIZE records behind a cursor in an envelope. Its own process: its CPU time is nobody's.
// `/exact` has ids of 19 digits and amounts of 20, which JavaScript's numbers cannot hold; `/long` sends its pages in pieces.
//
// usage: node api-server.ts PAGES SIZE; prints its port, ends with its standard input
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const [pages = 1, size = 1] = process.argv.slice(2).map(Number);
const pieceRecords = 1_000;

function recordsOf(from: number, count: number, isExact: boolean): string {
  const records: string[] = [];
  for (let n = from; n < from + count; n += 1) {
    const id = isExact ? `1${String(n).padStart(18, "0")}` : n;
    const amount = isExact ? `${n}.0000000000001` : `${n % 1000}.25`;
    records.push(
      `{"id":${id},"name":"record ${n}","amount":${amount},"at":"2026-07-01T10:00:00Z","ok":true,"tags":["a","b"]}`,
    );
  }
  return records.join(",");
}

const start = '{"data":[';
const endOf = (page: number) => `],"meta":{"next":${page + 1 < pages ? `"${page + 1}"` : "null"}}}`;

async function sendLong(response: ServerResponse, page: number): Promise<void> {
  response.writeHead(200, { "content-type": "application/json" });
  response.write(start);
  for (let n = 0; n < size; n += pieceRecords) {
    const piece = recordsOf(page * size + n, Math.min(pieceRecords, size - n), false);
    if (!response.write(n === 0 ? piece : `,${piece}`)) await once(response, "drain");
  }
  response.end(endOf(page));
}

const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => {
  const url = new URL(request.url ?? "", "http://api.example");
  if (url.pathname === "/robots.txt") {
    response.writeHead(404).end();
    return;
  }
  const page = Number(url.searchParams.get("cursor") ?? 0);
  if (url.pathname === "/long") {
    sendLong(response, page).catch((error: unknown) => response.destroy(error as Error));
    return;
  }
  const records = recordsOf(page * size, size, url.pathname === "/exact");
  const body = Buffer.from(`${start}${records}${endOf(page)}`);
  response
    .writeHead(200, { "content-type": "application/json", "content-length": body.length })
    .end(body);
});
server.listen(0, "127.0.0.1", () =>
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`),
);
process.stdin.resume().on("end", () => process.exit(0));

// The API that the API bench fetches: PAGES pages of SIZE records behind a cursor in an envelope. Its own process: its CPU time is nobody's.
// `/exact` has ids of 19 digits and amounts of 20, which JavaScript's numbers cannot hold.
//
// usage: node api-server.ts PAGES SIZE; prints its port, ends with its standard input
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const [pages = 1, size = 1] = process.argv.slice(2).map(Number);

function page(number: number, isExact: boolean): Buffer {
  const records: string[] = [];
  for (let i = 0; i < size; i += 1) {
    const n = number * size + i;
    const id = isExact ? `1${String(n).padStart(18, "0")}` : n;
    const amount = isExact ? `${n}.0000000000001` : `${n % 1000}.25`;
    records.push(
      `{"id":${id},"name":"record ${n}","amount":${amount},"at":"2026-07-01T10:00:00Z","ok":true,"tags":["a","b"]}`,
    );
  }
  const next = number + 1 < pages ? `"${number + 1}"` : "null";
  return Buffer.from(`{"data":[${records.join(",")}],"meta":{"next":${next}}}`);
}

const server = createServer({ keepAliveTimeout: 30_000 }, (request, response) => {
  const url = new URL(request.url ?? "", "http://api.example");
  if (url.pathname === "/robots.txt") {
    response.writeHead(404).end();
    return;
  }
  const body = page(Number(url.searchParams.get("cursor") ?? 0), url.pathname === "/exact");
  response
    .writeHead(200, { "content-type": "application/json", "content-length": body.length })
    .end(body);
});
server.listen(0, "127.0.0.1", () =>
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`),
);
process.stdin.resume().on("end", () => process.exit(0));

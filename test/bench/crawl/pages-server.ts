// The web that crawl benchmarks fetch: HOSTS sites of PAGES pages, each page 8.5 kB with 50 links (40 to its own site, 10 to
// the next ones). A site is an address of the loopback network, so that every crawler can reach it without a resolver. Its own
// process: its CPU time is nobody's.
//
// usage: node pages-server.ts HOSTS PAGES DELAY_MS [CERTIFICATE]
// prints its port, ends with its standard input, and then prints the seconds from its first request to its last
import { readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { hostAddress, pageBytes, pageLinkCount } from "./pages-web.ts";

const [hosts = 1, pages = 1, delayMs = 0] = process.argv.slice(2, 5).map(Number);
const tls = process.argv[5];
const filler = "Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor. ";

let port = 0;
const scheme = tls === undefined ? "http" : "https";

function page(host: number, number: number): string {
  const parts = [`<!doctype html><html><head><title>Page ${number}</title></head><body>`];
  for (let link = 0; link < pageLinkCount; link += 1) {
    const next = (number * 7 + link * 13 + 1) % pages;
    const url =
      link < 40
        ? `/section/page-${next}.html`
        : `${scheme}://${hostAddress((host + link - 39) % hosts)}:${port}/section/page-${next}.html`;
    parts.push(`<p class="text"><a href="${url}" title="link ${link}">To page ${next}</a> `);
    parts.push(filler, "</p>\n");
  }
  const text = `${parts.join("")}</body></html>`;
  return text.length < pageBytes ? text + " ".repeat(pageBytes - text.length) : text;
}

// Made once: what the server costs must not be in the way of what is measured.
const made = new Map<string, Buffer>();
function pageOf(address: string, path: string): Buffer | null {
  const match = /^\/(?:section\/page-(\d+)\.html)?$/.exec(path);
  if (match === null) return null;
  const [, , high = 0, low = 0] = address.split(".").map(Number);
  const number = Number(match[1] ?? 0);
  const key = `${high * 250 + low - 1}/${number}`;
  let body = made.get(key);
  if (body === undefined) {
    const text = Buffer.from(page(high * 250 + low - 1, number));
    body = tls === undefined ? text : gzipSync(text);
    made.set(key, body);
  }
  return body;
}

let firstMs = 0;
let lastMs = 0;

const listener: RequestListener = (request, response) => {
  lastMs = performance.now();
  firstMs ||= lastMs;
  const body = pageOf(request.socket.localAddress ?? "", request.url ?? "");
  if (body === null) {
    response.writeHead(404, { "content-type": "text/plain", "content-length": 0 }).end();
    return;
  }
  const answer = () => {
    response
      .writeHead(200, {
        "content-type": "text/html; charset=utf-8",
        "content-length": body.length,
        ...(tls === undefined ? {} : { "content-encoding": "gzip" }),
      })
      .end(body);
  };
  if (delayMs > 0) setTimeout(answer, delayMs);
  else answer();
};

const server =
  tls === undefined
    ? createServer({ keepAliveTimeout: 30_000 }, listener)
    : createTlsServer(
        { key: readFileSync(`${tls}.key`), cert: readFileSync(`${tls}.crt`) },
        listener,
      );
server.listen(0, "0.0.0.0", () => {
  port = (server.address() as AddressInfo).port;
  process.stdout.write(`${port}\n`);
});
process.stdin.resume().on("end", () => {
  process.stdout.write(`${(lastMs - firstMs) / 1000}\n`, () => process.exit(0));
});

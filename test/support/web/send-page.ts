// Sends a page that is whole, in the form that makes it hard to read.
import type { ServerResponse } from "node:http";
import type { BodyForm } from "./faults.ts";
import type { Body } from "./page-body.ts";

const slowMs = 250;
const dripMs = 40;
const nextDueMs = 42;

/** Answers 200 with the body. */
export function sendPage(answer: ServerResponse, form: BodyForm, { headers, bytes }: Body): void {
  const send = ways[form] ?? ((_, head) => answer.writeHead(200, head).end(bytes));
  send(answer, { ...headers, "content-length": String(bytes.length) }, bytes);
}

type Headers = Record<string, string>;

const ways: Partial<
  Record<BodyForm, (answer: ServerResponse, headers: Headers, bytes: Buffer) => void>
> = {
  chunked: (answer, { "content-length": _, ...headers }, bytes) => {
    answer.writeHead(200, headers);
    for (let at = 0; at < bytes.length; at += 100) answer.write(bytes.subarray(at, at + 100));
    answer.end();
  },
  "until close": (answer, { "content-length": _, ...headers }, bytes) =>
    raw(answer, 200, { ...headers, connection: "close" }, bytes, true),
  "longer than it says": (answer, headers, bytes) =>
    raw(answer, 200, headers, Buffer.concat([bytes, Buffer.from("\r\nmore than that")]), true),
  slow: (answer, headers, bytes) => {
    setTimeout(() => answer.writeHead(200, headers).end(bytes), slowMs);
  },
  drip: (answer, headers, bytes) => {
    answer.writeHead(200, headers);
    drip(answer, bytes, Math.ceil(bytes.length / 10));
  },
  "early hints": (answer, headers, bytes) => {
    answer.writeEarlyHints({ link: "</decoy/hint.css>; rel=preload; as=style" });
    answer.writeHead(200, headers).end(bytes);
  },
  "HTTP/1.0": (answer, { "content-length": _, ...headers }, bytes) => {
    const head = Object.entries(headers).map(([name, value]) => `${name}:${value}\r\n`);
    answer.socket?.write(`HTTP/1.0 200\r\n${head.join("")}\r\n`);
    answer.socket?.end(bytes);
  },
  "chunks with trailers": (answer, { "content-length": _, ...headers }, bytes) => {
    const head = { ...headers, "transfer-encoding": "chunked", trailer: "x-sum" };
    const size = bytes.length.toString(16);
    const chunk = [
      Buffer.from(`${size};note="a b"\r\n`),
      bytes,
      Buffer.from("\r\n0\r\nx-sum: 1\r\n\r\n"),
    ];
    raw(answer, 200, head, Buffer.concat(chunk), true);
  },
  "closes soon": (answer, headers, bytes) => {
    answer.writeHead(200, headers).end(bytes);
    // About when the next request is due, and without a word that it would.
    const { socket } = answer;
    setTimeout(() => socket?.end(), nextDueMs + (bytes.length % 6) - 3);
  },
  "many headers": (answer, headers, bytes) => {
    answer.writeHead(200, { ...headers, ...manyHeaders(100, 100) }).end(bytes);
  },
};

/** Writes an answer past Node's own checks, and closes the connection if asked to. */
export function raw(
  answer: ServerResponse,
  status: number,
  headers: Record<string, string>,
  bytes: Buffer,
  close: boolean,
): void {
  const { socket } = answer;
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket?.write(`HTTP/1.1 ${status} OK\r\n${head.join("")}\r\n`);
  if (close) socket?.end(bytes);
  else socket?.write(bytes);
}

/** `n` headers of `sizeBytes` each. */
export function manyHeaders(n: number, sizeBytes: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: n }, (_, k) => [`x-${k}`, "v".repeat(sizeBytes)]));
}

function drip(answer: ServerResponse, bytes: Buffer, partBytes: number): void {
  let at = 0;
  const timer = setInterval(() => {
    answer.write(bytes.subarray(at, at + partBytes));
    at += partBytes;
    if (at < bytes.length) return;
    clearInterval(timer);
    answer.end();
  }, dripMs);
  answer.once("close", () => clearInterval(timer));
}

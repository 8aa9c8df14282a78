// An HTTP exchange as WARC records: the response (or a revisit, when its payload stands elsewhere), the request, and metadata.
//
// Bodies are written without their content and transfer codings. So that every record is true in itself, the headers that
// speak of the codings and the length are renamed to `X-Archive-Orig-...`, and Content-Length is that of what stands here.
import { randomUUID } from "node:crypto";
import type { Exchange } from "../fetch/fetch-page.ts";
import { type WarcFields, type WarcRecord, warcFields } from "./warc-record.ts";

/** Where the payload of an earlier record stands. */
export type Original = { url: string; date: string; recordId: string | null };

/**
 * What is archived. `url`: without credentials. `date`: ISO 8601, UTC, when it was asked for. `body`: what is kept of it, and
 * why that is not all. `original`: the record that has the same payload; with status 304, the answer that still holds.
 */
export type Archived = {
  url: string;
  date: string;
  exchange: Exchange;
  body: Buffer;
  payloadDigest: string;
  truncated: "length" | "unspecified" | null;
  original: Original | null;
  about: { via: string | null; depth: number };
};

const identicalPayload = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest";
const notModified = "http://netpreserve.org/warc/1.1/revisit/server-not-modified";
const codingHeaders = new Set(["content-encoding", "transfer-encoding", "content-length"]);
// A request may carry keys in any header that a pipeline names: only those that cannot are written.
const publicHeaders = new Set(
  (
    "host user-agent accept accept-encoding accept-language connection if-none-match if-modified-since content-type " +
    "content-length"
  ).split(" "),
);

/** `<urn:uuid:...>`, never given before. */
export const newRecordId = () => `<urn:uuid:${randomUUID()}>`;

/** The records of an exchange. `recordId`: of its response, for revisits to refer to; `warcinfoId`: of the file's first record. */
export function exchangeRecords(
  archived: Archived,
  recordId: string,
  warcinfoId: string,
): WarcRecord[] {
  const { url, date, exchange, about } = archived;
  const shared: WarcFields = [
    ["WARC-Date", date],
    ["WARC-Target-URI", url],
    ["WARC-Warcinfo-ID", warcinfoId],
  ];
  const address: WarcFields = exchange.ip === null ? [] : [["WARC-IP-Address", exchange.ip]];
  const protocol: WarcFields = exchange.httpVersion === "2" ? [["WARC-Protocol", "h2"]] : [];
  const concurrent: WarcFields = [["WARC-Concurrent-To", recordId]];
  return [
    responseRecord(archived, recordId, [...shared, ...address, ...protocol]),
    {
      fields: [
        ["WARC-Type", "request"],
        ["WARC-Record-ID", newRecordId()],
        ...shared,
        ...concurrent,
        ...address,
        ...protocol,
        ["Content-Type", "application/http; msgtype=request"],
      ],
      block: requestBlock(exchange, url),
    },
    {
      fields: [
        ["WARC-Type", "metadata"],
        ["WARC-Record-ID", newRecordId()],
        ...shared,
        ...concurrent,
        ["Content-Type", "application/warc-fields"],
      ],
      block: warcFields([
        ...(about.via === null ? [] : [["via", about.via] as const]),
        ["depth", String(about.depth)],
        ["fetchTimeMs", String(Math.round(exchange.totalMs))],
      ]),
    },
  ];
}

function responseRecord(archived: Archived, recordId: string, shared: WarcFields): WarcRecord {
  const { exchange, body, payloadDigest, truncated, original } = archived;
  const isNotModified = exchange.status === 304;
  const fields: WarcFields = [
    ["WARC-Type", original === null ? "response" : "revisit"],
    ["WARC-Record-ID", recordId],
    ...shared,
    ["Content-Type", "application/http; msgtype=response"],
  ];
  if (!isNotModified) fields.push(["WARC-Payload-Digest", payloadDigest]);
  if (truncated !== null) fields.push(["WARC-Truncated", truncated]);
  if (original === null) return { fields, block: responseBlock(exchange, body, body.length) };
  fields.push(
    ["WARC-Profile", isNotModified ? notModified : identicalPayload],
    ["WARC-Refers-To-Target-URI", original.url],
    ["WARC-Refers-To-Date", original.date],
  );
  if (original.recordId !== null) fields.push(["WARC-Refers-To", original.recordId]);
  // Its headers say how long the payload is that stands elsewhere.
  return { fields, block: responseBlock(exchange, Buffer.alloc(0), body.length) };
}

/** Status line and headers, as they would have been without codings, and the body. */
function responseBlock(exchange: Exchange, body: Buffer, bodyBytes: number): Buffer {
  const { status, statusText, rawHeaders, headers } = exchange;
  const isCoded = (headers["content-encoding"] ?? headers["transfer-encoding"]) !== undefined;
  const isTrue = !isCoded && headers["content-length"] === String(bodyBytes);
  // An answer without a body may speak of one that is not there (RFC 9110 section 8.6).
  const isBodiless = status === 304 || status === 204;
  const lines = [`HTTP/1.1 ${status} ${statusText}`];
  for (const [name, value] of rawHeaders) {
    const isMoved = !isTrue && !isBodiless && codingHeaders.has(name.toLowerCase());
    lines.push(`${isMoved ? "X-Archive-Orig-" : ""}${name}: ${value}`);
  }
  if (!isTrue && !isBodiless) lines.push(`Content-Length: ${bodyBytes}`);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), body]);
}

/** The target is that of the archived URL: the one that was sent may have a key in it. */
function requestBlock({ request }: Exchange, url: string): Buffer {
  const { method, headers, body } = request;
  const { pathname, search } = new URL(url);
  const shown = headers.filter(([name]) => publicHeaders.has(name.toLowerCase()));
  const lines = [
    `${method} ${pathname}${search} HTTP/1.1`,
    ...shown.map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body ?? ""}`, "latin1");
}

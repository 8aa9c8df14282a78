// One HTTP exchange, bounded in every direction: time to connect, to the first byte, between bytes, in all; bytes received
// and bytes after decompression. Redirects are not followed here: to the crawl they are links.
import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from "node:dns";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from "node:zlib";
import { Agent, type Dispatcher, errors, request } from "undici";

/** What came back. `headers`: lower-case names, repeated ones joined by ", ". Times in ms from the start. */
export type Exchange = {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
  /** The body was cut at the byte limit. */
  truncated: boolean;
  firstByteMs: number;
  totalMs: number;
};

/** Nothing usable came back; another try may do better. `kind` is for reports and back-off. */
export class FetchFault extends Error {
  override name = "FetchFault";
  readonly kind: "timeout" | "connect" | "dns" | "tls" | "broken" | "decode";
  constructor(kind: FetchFault["kind"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

export type FetchLimits = {
  maxBytes: number;
  connectMs: number;
  headersMs: number;
  idleMs: number;
  totalMs: number;
};
export const defaultLimits: FetchLimits = {
  maxBytes: 64 * 1024 * 1024,
  connectMs: 10_000,
  headersMs: 30_000,
  idleMs: 30_000,
  totalMs: 120_000,
};

/** `body`: POSTed; GET without it. `onSent` is called when the request goes out on its connection, not before. */
export type Asked = { headers: Record<string, string>; body?: string; onSent?: () => void };

export type Fetcher = {
  /** Asks for `url`. Throws {@link FetchFault}; aborting `signal` throws its reason. */
  fetch(url: string, asked: Asked, signal: AbortSignal): Promise<Exchange>;
  close(): Promise<void>;
};

/** Opens the connection pools: one pool per origin, keep-alive. */
export function openFetcher(limits: FetchLimits = defaultLimits): Fetcher {
  const agent = new Agent({
    connections: 64,
    pipelining: 1,
    keepAliveTimeout: 10_000,
    connect: { timeout: limits.connectMs, lookup: lookupHost },
    headersTimeout: limits.headersMs,
    bodyTimeout: limits.idleMs,
  });
  return {
    fetch: (url, asked, signal) => exchange(agent, limits, url, asked, signal),
    close: () => agent.destroy(),
  };
}

async function exchange(
  agent: Agent,
  limits: FetchLimits,
  url: string,
  { headers, body: sent, onSent }: Asked,
  signal: AbortSignal,
): Promise<Exchange> {
  const startedMs = performance.now();
  const timeout = AbortSignal.timeout(limits.totalMs);
  try {
    const answer = await request(url, {
      dispatcher: onSent === undefined ? agent : agent.compose(tellSent(onSent)),
      method: sent === undefined ? "GET" : "POST",
      body: sent ?? null,
      headers: { "accept-encoding": "gzip, br, zstd, deflate", ...headers },
      signal: AbortSignal.any([signal, timeout]),
    });
    const firstByteMs = performance.now() - startedMs;
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    let truncated = false;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > limits.maxBytes) {
        chunks.push(chunk.subarray(0, chunk.length - (sizeBytes - limits.maxBytes)));
        truncated = true;
        break;
      }
      chunks.push(chunk);
    }
    const flat = flatHeaders(answer.headers);
    const packed = Buffer.concat(chunks);
    const coding = flat["content-encoding"] ?? "";
    // Part of a packed body is of no use to anybody.
    if (truncated && !/^(identity)?$/i.test(coding.trim()))
      throw new FetchFault("decode", `the ${coding} body is longer than ${limits.maxBytes} bytes`);
    const body = truncated ? packed : await unpack(packed, coding, limits.maxBytes);
    const totalMs = performance.now() - startedMs;
    return { status: answer.statusCode, headers: flat, body, truncated, firstByteMs, totalMs };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw asFault(error, url, timeout.aborted);
  }
}

/** Connecting takes its time: a gap between requests counts from when they are sent. */
function tellSent(onSent: () => void): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, {
      onRequestStart: (controller, context) => {
        onSent();
        handler.onRequestStart?.(controller, context);
      },
      onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
      onResponseStart: (...args) => handler.onResponseStart?.(...args),
      onResponseData: (...args) => handler.onResponseData?.(...args),
      onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
      onResponseError: (...args) => handler.onResponseError?.(...args),
    });
}

function flatHeaders(
  headers: Record<string, string | string[] | undefined>,
): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined)
      flat[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}

/** RFC 9110 section 8.4: codings are listed in the order they were applied. */
async function unpack(packed: Buffer, encoding: string, maxOutputLength: number): Promise<Buffer> {
  let body = packed;
  const codings = encoding
    .toLowerCase()
    .split(",")
    .map((coding) => coding.trim());
  for (const coding of codings.reverse()) {
    if (body.length === 0 || coding === "" || coding === "identity") continue;
    try {
      body = await unpackOne(body, coding, maxOutputLength);
    } catch (error) {
      throw badBody(coding, maxOutputLength, error);
    }
  }
  return body;
}

function badBody(coding: string, maxBytes: number, cause: unknown): FetchFault {
  const tooLarge = (cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
  const what = tooLarge ? `unpacks to more than ${maxBytes} bytes` : "is damaged";
  return new FetchFault("decode", `the ${coding} body ${what}`, { cause });
}

async function unpackOne(body: Buffer, coding: string, maxOutputLength: number): Promise<Buffer> {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return promisify(gunzip)(body, { maxOutputLength });
    case "br":
      return promisify(brotliDecompress)(body, { maxOutputLength });
    case "zstd":
      return promisify(zstdDecompress)(body, { maxOutputLength });
    case "deflate":
      // Servers send both zlib and raw deflate under this name.
      return (body[0] ?? 0) % 16 === 8
        ? promisify(inflate)(body, { maxOutputLength })
        : promisify(inflateRaw)(body, { maxOutputLength });
    default:
      throw new Error(`unknown content coding "${coding}"`);
  }
}

function asFault(error: unknown, url: string, timedOut: boolean): FetchFault {
  if (error instanceof FetchFault) return error;
  const code = String((error as NodeJS.ErrnoException).code ?? "");
  const at = new URL(url).host;
  const fault = (kind: FetchFault["kind"], text: string) =>
    new FetchFault(kind, text, { cause: error });
  if (timedOut) return fault("timeout", `no whole answer from ${at} in time`);
  if (error instanceof errors.ConnectTimeoutError)
    return fault("timeout", `no connection to ${at} in time`);
  if (error instanceof errors.HeadersTimeoutError)
    return fault("timeout", `no answer from ${at} in time`);
  if (error instanceof errors.BodyTimeoutError)
    return fault("timeout", `the answer of ${at} stopped coming`);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return fault("dns", `the name ${at} cannot be resolved (${code})`);
  if (/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/.test(code))
    return fault("connect", `no connection to ${at} (${code})`);
  if (/CERT|TLS|SSL/.test(code)) return fault("tls", `no TLS with ${at} (${code})`);
  return fault("broken", `the answer of ${at} broke off${code ? ` (${code})` : ""}`);
}

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** RFC 6761 section 6.3: names under `localhost.` are always loopback, whatever the resolver says. */
function lookupHost(hostname: string, options: LookupOptions, callback: LookupCallback): void {
  if (hostname.endsWith(".localhost")) {
    if (options.all) callback(null, [{ address: "127.0.0.1", family: 4 }]);
    else callback(null, "127.0.0.1", 4);
    return;
  }
  dnsLookup(hostname, options, callback as never);
}

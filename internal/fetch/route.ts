// How the requests of one source travel: within which limits, through which proxies, with which certificates and cookies, and
// to which addresses that are not of the internet. A route is opened once for a source and then only read.
import type { CookieJars } from "./cookie-jars.ts";
import type { PrivateHosts } from "./private-hosts.ts";
import type { Proxies } from "./proxies.ts";

export type FetchLimits = {
  /** Of a body without its content codings: what is longer is cut. */
  maxBytes: number;
  /** To resolve, connect, and agree on TLS. */
  connectMs: number;
  /** From the request to the head of the answer. */
  headersMs: number;
  /** Between two pieces of the body. */
  idleMs: number;
  /** From the call to the whole answer. */
  totalMs: number;
};

export const standardLimits: FetchLimits = {
  maxBytes: 64 * 1024 * 1024,
  connectMs: 10_000,
  headersMs: 30_000,
  idleMs: 30_000,
  totalMs: 120_000,
};

/** PEM texts. */
export type TlsIdentity = {
  cert: string | null;
  key: string | null;
  ca: string | null;
  rejectUnauthorized: boolean;
};

export type Route = {
  /** Connections are shared by routes of one key. */
  key: string;
  limits: FetchLimits;
  /** Whether TLS servers are offered HTTP/2. */
  http2: boolean;
  tls: TlsIdentity | null;
  proxies: Proxies | null;
  cookies: CookieJars | null;
  privateHosts: PrivateHosts;
};

// How a source's requests travel, as its pipeline says.

export type FetchOptions = {
  /** A URL or an e-mail address for the User-Agent. */
  contact: string | null;
  /** Whether cookies are kept during a run. */
  cookies: boolean;
  /** URLs, taken in turn; empty: none. */
  proxies: string[];
  /** Whether TLS servers are offered HTTP/2. */
  http2: boolean;
  /** `cert`, `key`, `ca`: absolute paths of PEM files, or PEM texts. */
  tls: {
    cert: string | null;
    key: string | null;
    ca: string | null;
    rejectUnauthorized: boolean;
  } | null;
  limits: {
    /** Of a body without its content codings. */
    maxBytes: number;
    connectMs: number;
    headersMs: number;
    idleMs: number;
    totalMs: number;
    redirects: number;
  };
  /** Hosts, addresses and ranges (CIDR) beyond those the pipeline names that may have private addresses. */
  allowPrivate: string[];
};

export const standardFetchOptions: FetchOptions = {
  contact: null,
  cookies: false,
  proxies: [],
  http2: false,
  tls: null,
  limits: {
    maxBytes: 64 * 1024 * 1024,
    connectMs: 10_000,
    headersMs: 30_000,
    idleMs: 30_000,
    totalMs: 120_000,
    redirects: 10,
  },
  allowPrivate: [],
};

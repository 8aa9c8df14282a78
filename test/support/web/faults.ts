// What can go wrong with an answer. A page has at most one fault; it shows for the first so many requests, or for ever.

/**
 * `cost`: whether a request that meets it costs the link one of its retries ("retry"), none ("calm"), or is its end at once
 * ("end"). `reason`: what the dead letter says when it never ceases. `backs`: how long the host is to be left alone
 * afterwards: as the answer says, or the source's backoff.
 */
export type Fault = {
  cost: "retry" | "calm" | "end";
  reason: RegExp;
  backs: "told" | "backoff" | "not";
  /** Costs time (tens of seconds) or memory: only in worlds that ask for it. */
  heavy?: true;
};

export const faults = {
  "500": { cost: "retry", reason: /HTTP 500/, backs: "backoff" },
  "502": { cost: "retry", reason: /HTTP 502/, backs: "backoff" },
  "503 for seconds": { cost: "calm", reason: /HTTP 503/, backs: "told" },
  "503 until a date": { cost: "calm", reason: /HTTP 503/, backs: "told" },
  "429 for seconds": { cost: "calm", reason: /HTTP 429/, backs: "told" },
  "503": { cost: "calm", reason: /HTTP 503/, backs: "backoff" },
  "429": { cost: "calm", reason: /HTTP 429/, backs: "backoff" },
  "404": { cost: "end", reason: /HTTP 404/, backs: "not" },
  "410": { cost: "end", reason: /HTTP 410/, backs: "not" },
  "403": { cost: "end", reason: /HTTP 403/, backs: "not" },
  reset: { cost: "retry", reason: /broke off/, backs: "backoff" },
  "reset in the body": { cost: "retry", reason: /broke off/, backs: "backoff" },
  "shorter than it says": { cost: "retry", reason: /broke off/, backs: "backoff" },
  "chunk cut": { cost: "retry", reason: /broke off/, backs: "backoff" },
  "no HTTP": { cost: "retry", reason: /broke off/, backs: "backoff" },
  "header bomb": { cost: "retry", reason: /broke off|headers/, backs: "backoff" },
  "gzip broken": { cost: "retry", reason: /gzip body/, backs: "backoff" },
  "gzip bomb": { cost: "retry", reason: /gzip body/, backs: "backoff", heavy: true },
  "no answer": { cost: "retry", reason: /in time/, backs: "backoff", heavy: true },
  "body stops": { cost: "retry", reason: /stopped coming/, backs: "backoff", heavy: true },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

/** Ways to give a page whole that are harder to read than others. */
export const bodyForms = [
  "plain",
  "plain",
  "plain",
  "gzip",
  "br",
  "zstd",
  "deflate",
  "raw deflate",
  "gzip of gzip",
  "chunked",
  "until close",
  "longer than it says",
  "slow",
  "drip",
  "many headers",
  "utf-16 by mark",
  "windows-1251",
  "shift_jis by meta",
  "wrong charset",
  "unknown charset",
  "no type",
  "xhtml",
  "early hints",
  "HTTP/1.0",
  "chunks with trailers",
  "closes soon",
] as const;

export type BodyForm = (typeof bodyForms)[number];

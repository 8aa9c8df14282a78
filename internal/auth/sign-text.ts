// An HMAC (RFC 2104) over a text that is made of the request by a template: how many exchanges and shops have their requests
// signed.
import { createHmac, hash, randomUUID } from "node:crypto";
import type { Auth } from "../model/pipeline.ts";
import { methodOf, type Signable } from "./signable.ts";

type SignAuth = Extract<Auth, { kind: "sign" }>;

/** What may stand in braces in a template. */
export const signPlaceholders = [
  "method",
  "host",
  "path",
  "pathname",
  "query",
  "body",
  "bodyHash",
  "date",
  "isoDate",
  "timestamp",
  "timestampMs",
  "nonce",
  "signature",
] as const;

/** The headers to add to a request: the signature, and those of `headers` with their placeholders filled in. */
export function signText(request: Signable, auth: SignAuth): Record<string, string> {
  const { url, body, nowMs } = request;
  const now = new Date(nowMs);
  const values: Record<string, string> = {
    method: methodOf(request),
    host: url.host,
    path: url.pathname + url.search,
    pathname: url.pathname,
    query: url.search.slice(1),
    body: body ?? "",
    bodyHash: hash("sha256", body ?? ""),
    date: now.toUTCString(),
    isoDate: now.toISOString(),
    timestamp: String(Math.floor(nowMs / 1_000)),
    timestampMs: String(nowMs),
    nonce: randomUUID(),
  };
  const fill = (template: string) =>
    template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
  const hmac = createHmac(auth.algorithm, auth.key).update(fill(auth.text));
  values.signature = hmac.digest(auth.encoding);
  const others = Object.entries(auth.headers).map(([name, text]) => [
    name.toLowerCase(),
    fill(text),
  ]);
  return { ...Object.fromEntries(others), [auth.header.toLowerCase()]: fill(auth.value) };
}

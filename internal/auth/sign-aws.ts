// AWS Signature Version 4 (AWS documentation, "Create a signed AWS API request"): all headers are signed but those that change
// on the way, with the hash of the body.
import { createHmac, hash } from "node:crypto";
import type { Auth } from "../model/pipeline.ts";
import { methodOf, type Signable } from "./signable.ts";

type AwsAuth = Extract<Auth, { kind: "aws" }>;

/** What proxies and the HTTP client may change, and what says nothing of the request. */
const unsigned =
  /^(accept(-.*)?|authorization|cache-control|connection|content-length|cookie|expect|te|trailer|transfer-encoding|upgrade|user-agent|via)$/;

/** The headers to add to a request, with lower-case names. */
export function signAws(request: Signable, auth: AwsAuth): Record<string, string> {
  const { url, headers, body, nowMs } = request;
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, "");
  const bodyHash = hash("sha256", body ?? "");
  const isS3 = auth.service === "s3";
  const added: Record<string, string> = { "x-amz-date": time };
  if (auth.sessionToken !== null) added["x-amz-security-token"] = auth.sessionToken;
  if (isS3) added["x-amz-content-sha256"] = bodyHash;
  const signed = Object.entries({ ...lowerCase(headers), ...added, host: url.host })
    .filter(([name]) => !unsigned.test(name))
    .sort(byName);
  const names = signed.map(([name]) => name).join(";");
  const canonical = [
    methodOf(request),
    isS3 ? url.pathname : pathOf(url.pathname),
    queryOf(url),
    ...signed.map(([name, value]) => `${name}:${value.trim().replace(/ +/g, " ")}`),
    "",
    names,
    bodyHash,
  ].join("\n");
  const day = time.slice(0, 8);
  const scope = `${day}/${auth.region}/${auth.service}/aws4_request`;
  const key = [day, auth.region, auth.service, "aws4_request"].reduce<string | Buffer>(
    (chained, part) => createHmac("sha256", chained).update(part).digest(),
    `AWS4${auth.secretAccessKey}`,
  );
  const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash("sha256", canonical)}`;
  const signature = createHmac("sha256", key).update(text).digest("hex");
  const credential = `${auth.accessKeyId}/${scope}`;
  added.authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`;
  return added;
}

/** Without dots and empty segments, and encoded: as it is sent it has escapes, which are encoded once more. */
function pathOf(pathname: string): string {
  const kept: string[] = [];
  for (const segment of pathname.split("/")) {
    if (segment === "..") kept.pop();
    else if (segment !== "." && segment !== "") kept.push(encode(segment));
  }
  const isFolder = kept.length > 0 && /\/\.{0,2}$/.test(pathname);
  return `/${kept.join("/")}${isFolder ? "/" : ""}`;
}

/** Parameters by name and value, each encoded anew. */
function queryOf(url: Signable["url"]): string {
  return url.search
    .slice(1)
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair): [string, string] => {
      const [name = "", ...value] = pair.split("=");
      return [encode(decoded(name)), encode(decoded(value.join("=")))];
    })
    .sort((a, b) => byName(a, b) || (a[1] < b[1] ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

/** Everything but the unreserved characters of RFC 3986. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function byName([a]: [string, string], [b]: [string, string]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}

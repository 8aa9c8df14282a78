// What a source proves itself with, and texts of servers without it: an answer may repeat what it was asked with.
import type { Exchange } from "../fetch/fetch-page.ts";
import type { Auth } from "../model/pipeline.ts";
import { redactText } from "../telemetry/redact.ts";
import type { Crawlable } from "./may-fetch.ts";

const excerptBytes = 1_024;
/** Headers that say how something is written, which is no secret. */
const plainHeader = /^(accept(-.*)?|content-type|user-agent|cache-control)$/i;

/** Every text of a source that must not be written down, as it is and as URLs and Basic credentials have it. */
export function secretsOf(source: Crawlable): string[] {
  const own =
    source.kind === "api"
      ? [...source.secretParams.map((name) => source.params[name]), ...source.secretTexts]
      : [];
  const headers = Object.entries(source.headers)
    .filter(([name]) => !plainHeader.test(name))
    .flatMap(([, value]) => [value, value.replace(/^\S+\s+/, "")]);
  const secrets = [...authSecrets(source.auth), ...own, ...headers].filter(
    (text) => text !== undefined && text !== "",
  ) as string[];
  const forms = secrets.flatMap((text) => [
    text,
    encodeURIComponent(text),
    JSON.stringify(text).slice(1, -1),
  ]);
  // The longest first: one may be part of another.
  return [...new Set(forms)].sort((a, b) => b.length - a.length);
}

function authSecrets(auth: Auth | null): string[] {
  switch (auth?.kind) {
    case undefined:
      return [];
    case "bearer":
      return [auth.token];
    case "basic":
      return [auth.password, Buffer.from(`${auth.user}:${auth.password}`).toString("base64")];
    case "header":
    case "query":
      return [auth.value];
    case "oauth2":
      return [auth.clientSecret, auth.refreshToken, ...Object.values(auth.params)].filter(
        (text) => text !== null,
      );
    case "aws":
      return [auth.secretAccessKey, auth.sessionToken ?? ""];
    case "sign":
      return [auth.key];
  }
}

/** The start of an answer's body, of a kilobyte at most, on one line and without what the source asked with. `token`: that too. */
export function bodyExcerpt(
  { body }: Exchange,
  source: Crawlable,
  token: string | null = null,
): string {
  // A secret at the end of the excerpt is masked while it is whole.
  const text = body.subarray(0, 4 * excerptBytes).toString("utf8");
  const clean = redactText(text, [...(token === null ? [] : [token]), ...secretsOf(source)])
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  return Buffer.from(clean)
    .subarray(0, excerptBytes)
    .toString("utf8")
    .replace(/\uFFFD$/, "");
}

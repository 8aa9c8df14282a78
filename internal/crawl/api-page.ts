// How a source says who it is. What is made here must never be logged or stored.
import type { Auth } from "../model/pipeline.ts";
import { withParams } from "../paging/query-params.ts";

/** Headers that carry the credentials of a source; none for kind `query`, and those that are made for each request (`internal/auth`). */
export function authHeaders(auth: Auth | null): Record<string, string> {
  if (auth === null) return {};
  switch (auth.kind) {
    case "bearer":
      return { authorization: `Bearer ${auth.token}` };
    case "basic":
      return {
        authorization: `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString("base64")}`,
      };
    case "header":
      return { [auth.name.toLowerCase()]: auth.value };
    case "query":
    case "oauth2":
    case "aws":
    case "sign":
      return {};
  }
}

/** The URL to request: with the credentials of kind `query`, else as it is. Never to be logged or stored. */
export function withQueryAuth(url: string, auth: Auth | null): string {
  return auth?.kind === "query" ? withParams(url, { [auth.name]: auth.value }) : url;
}

// One request to the token endpoint of OAuth 2.0 (RFC 6749 sections 2.3.1, 4.4, 5 and 6).
import { FetchFault } from "../fetch/fetch-fault.ts";
import type { Asked, Exchange } from "../fetch/fetch-page.ts";
import type { Auth } from "../model/pipeline.ts";
import { redactText } from "../telemetry/redact.ts";
import type { Token } from "./sealed-token.ts";

export type OAuth2 = Extract<Auth, { kind: "oauth2" }>;
export type Ask = (url: string, asked: Asked) => Promise<Exchange>;

/** A token is renewed so long before its end, or when a tenth of its life is left. */
const marginMs = 60_000;
const lifeShare = 0.1;

/** The form and headers of a request for a token. `refresh`: the refresh token to use, null for client credentials. */
export function tokenRequest(auth: OAuth2, refresh: string | null): Asked & { body: string } {
  const form = new URLSearchParams({
    grant_type: refresh === null ? "client_credentials" : "refresh_token",
  });
  if (refresh !== null) form.set("refresh_token", refresh);
  if (auth.scope !== null) form.set("scope", auth.scope);
  if (auth.audience !== null) form.set("audience", auth.audience);
  for (const [name, value] of Object.entries(auth.params)) form.set(name, value);
  const headers: Record<string, string> = {
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
  };
  const { clientId, clientSecret } = auth;
  if (clientSecret !== null && auth.clientAuth === "basic") {
    const pair = `${formEncoded(clientId)}:${formEncoded(clientSecret)}`;
    headers.authorization = `Basic ${Buffer.from(pair).toString("base64")}`;
  } else {
    form.set("client_id", clientId);
    if (clientSecret !== null) form.set("client_secret", clientSecret);
  }
  return { headers, body: form.toString() };
}

/**
 * A new token. `refresh` as it is kept on: rotated when the answer has a new one. Throws FetchFault: "refused" when the
 * endpoint says no and would do so again, "broken" when another try may do better.
 */
export async function askToken(
  auth: OAuth2,
  refresh: string | null,
  ask: Ask,
  nowMs: () => number,
): Promise<Token> {
  const sentMs = nowMs();
  const request = tokenRequest(auth, refresh);
  const { status, body } = await ask(auth.tokenUrl, request);
  const answer = jsonOf(body);
  const told = [answer?.error, answer?.error_description].filter(
    (text) => typeof text === "string",
  );
  const why = redactText(told.join(": ").slice(0, 300), secretsIn(auth, refresh));
  const where = `the token endpoint ${new URL(auth.tokenUrl).origin}`;
  if (status >= 500 || status === 429 || status === 408)
    throw new FetchFault("broken", `${where} answered HTTP ${status}`);
  if (status !== 200)
    throw new FetchFault("refused", `${where} answered HTTP ${status}${why && ` (${why})`}`);
  const access = answer?.access_token;
  if (typeof access !== "string" || access === "")
    throw new FetchFault("refused", `${where} gave no access_token`);
  const type = answer?.token_type;
  if (typeof type === "string" && type.toLowerCase() !== "bearer")
    throw new FetchFault(
      "refused",
      `${where} gave a token of type ${type.slice(0, 40)}, not Bearer`,
    );
  const lifeMs = Number(answer?.expires_in ?? Number.NaN) * 1_000;
  const renewMs = lifeMs - Math.min(marginMs, lifeMs * lifeShare);
  const rotated = answer?.refresh_token;
  return {
    access,
    renewAtMs: Number.isFinite(renewMs) ? sentMs + renewMs : null,
    refresh: refresh !== null && typeof rotated === "string" && rotated !== "" ? rotated : refresh,
  };
}

function secretsIn({ clientSecret }: OAuth2, refresh: string | null): string[] {
  return [clientSecret, refresh].filter((text) => text !== null && text !== "") as string[];
}

function jsonOf(body: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body.toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** RFC 6749 section 2.3.1 has id and secret encoded as in a form before they go into Basic. */
function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}

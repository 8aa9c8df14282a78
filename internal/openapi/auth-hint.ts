// How an OpenAPI document says that requests prove who asks -> the `auth` of a source, with variables for all secrets.
import { isJson, type Json, listOf, resolved } from "./read-openapi.ts";

/** `told`: for people. `header`, `param`: what carries it in a request, lower-case name of the header. */
export type AuthHint = {
  auth: Record<string, unknown>;
  told: string;
  header: string | null;
  param: string | null;
};

/** Of the first way that a source can take; null when nothing is asked for. Several at once: the first, `others` are told. */
export function authHint(
  document: Json,
  operation: Json,
): { hint: AuthHint | null; others: string[] } {
  const ways = listOf(operation.security ?? document.security).filter(isJson);
  const components = isJson(document.components) ? document.components : {};
  const schemes = isJson(components.securitySchemes) ? components.securitySchemes : {};
  let others: string[] = [];
  for (const way of ways) {
    const names = Object.keys(way);
    const hints = names.map((name) => hintOf(resolved(document, schemes[name]), way[name]));
    const [hint] = hints;
    others = [...others, ...(hint === undefined || hint === null ? names : names.slice(1))];
    if (hint) return { hint, others };
  }
  return { hint: null, others };
}

function hintOf(scheme: Json | null, scopes: unknown): AuthHint | null {
  if (scheme === null) return null;
  const name = String(scheme.name ?? "");
  const secret = `\${API_KEY}`;
  const bearer = { auth: { bearer: `\${API_TOKEN}` }, header: "authorization", param: null };
  if (scheme.type === "openIdConnect") return { ...bearer, told: "OpenID Connect" };
  if (scheme.type === "http" && /^bearer$/i.test(String(scheme.scheme)))
    return { ...bearer, told: "a bearer token" };
  if (scheme.type === "http" && /^basic$/i.test(String(scheme.scheme))) {
    const auth = { basic: { user: `\${API_USER}`, password: `\${API_PASSWORD}` } };
    return { auth, told: "user and password", header: "authorization", param: null };
  }
  if (scheme.type === "apiKey" && /^[\w.[\]-]+$/.test(name)) {
    const told = `an API key in ${scheme.in} ${name}`;
    if (scheme.in === "query")
      return { auth: { query: { name, value: secret } }, told, header: null, param: name };
    const header = scheme.in === "cookie" ? "cookie" : name.toLowerCase();
    const value = scheme.in === "cookie" ? `${name}=${secret}` : secret;
    return { auth: { header: { name: header, value } }, told, header, param: null };
  }
  return scheme.type === "oauth2" ? oauthHint(scheme, scopes) : null;
}

/** Client credentials, else whatever ends with a refresh token. */
function oauthHint(scheme: Json, scopes: unknown): AuthHint | null {
  const flows = isJson(scheme.flows) ? scheme.flows : {};
  const isOwn = isJson(flows.clientCredentials);
  const flow = [flows.clientCredentials, flows.authorizationCode, flows.password].find(isJson);
  const tokenUrl = URL.parse(String(flow?.tokenUrl ?? ""));
  const told = "an OAuth 2.0 token";
  const carried = { told, header: "authorization", param: null };
  if (tokenUrl === null || !/^https?:$/.test(tokenUrl.protocol) || tokenUrl.href.includes("${"))
    return { auth: { bearer: `\${API_TOKEN}` }, ...carried };
  const scope = listOf(scopes)
    .filter((each) => typeof each === "string" && /^[\w.:/*-]+$/.test(each))
    .join(" ");
  const oauth2 = {
    tokenUrl: tokenUrl.href,
    clientId: `\${CLIENT_ID}`,
    clientSecret: `\${CLIENT_SECRET}`,
    ...(isOwn ? {} : { refreshToken: `\${REFRESH_TOKEN}` }),
    ...(scope === "" ? {} : { scope }),
  };
  return { auth: { oauth2 }, ...carried };
}

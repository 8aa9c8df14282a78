// A pipeline as it may be printed: nothing that came from a variable, and no secret that was written into the file.
import type { FetchOptions } from "../model/fetch-options.ts";
import type { ApiSource, Auth, Pipeline, Source } from "../model/pipeline.ts";
import { isSecretName, redactText, redactValue } from "../telemetry/redact.ts";

const hidden = "***";

/**
 * A copy for printing. Texts with a variable in them read `${VAR}` in its place, credentials that were written into the
 * file, and the path of a webhook, which often is one, read `***`. `masks` is what `checkPipeline` gave.
 */
export function maskedPipeline(pipeline: Pipeline, masks: ReadonlyMap<string, string>): Pipeline {
  const hideLiterals = {
    ...pipeline,
    sources: pipeline.sources.map((source) => withoutCredentials(source, masks)),
    notify: {
      webhook: maskedHook(pipeline.notify.webhook, masks),
      email: pipeline.notify.email,
    },
  };
  return maskTexts(hideLiterals, masks) as Pipeline;
}

function maskTexts(value: unknown, masks: ReadonlyMap<string, string>): unknown {
  if (typeof value === "string") return masks.get(value) ?? redactText(value);
  if (Array.isArray(value)) return value.map((item) => maskTexts(item, masks));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, maskTexts(item, masks)]),
  );
}

function withoutCredentials(source: Source, masks: ReadonlyMap<string, string>): Source {
  if (source.kind === "files") return source;
  const auth = source.auth === null ? null : maskedAuth(source.auth, masks);
  const headers = keepMasked(source.headers, masks);
  const fetch = maskedFetch(source.fetch, masks);
  if (source.kind === "web") return { ...source, auth, headers, fetch };
  const params = keepMasked(source.params, masks);
  const body = maskedBody(source.body, masks) as ApiSource["body"];
  // They are in what is shown of the body, masked.
  return { ...source, auth, headers, fetch, params, body, secretTexts: [] };
}

/** The same at any depth of what is POSTed. */
function maskedBody(value: unknown, masks: ReadonlyMap<string, string>, isNamed = false): unknown {
  if (typeof value === "string") return isNamed && !masks.has(value) ? hidden : value;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => maskedBody(item, masks, isNamed));
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      maskedBody(item, masks, isNamed || isSecretName(name)),
    ]),
  );
}

/** Hides values under names such as `x-api-key`; values from variables are left to the masks. */
function keepMasked(
  values: Record<string, string>,
  masks: ReadonlyMap<string, string>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (masks.has(value)) return [name, value];
      const clean = redactValue({ [name]: value }) as Record<string, string>;
      return [name, clean[name] ?? hidden];
    }),
  );
}

function maskedAuth(auth: Auth, masks: ReadonlyMap<string, string>): Auth {
  const hide = (text: string): string => (masks.has(text) ? text : hidden);
  switch (auth.kind) {
    case "bearer":
      return { ...auth, token: hide(auth.token) };
    case "basic":
      return { ...auth, password: hide(auth.password) };
    case "header":
    case "query":
      return { ...auth, value: hide(auth.value) };
    case "oauth2":
      return {
        ...auth,
        clientSecret: auth.clientSecret === null ? null : hide(auth.clientSecret),
        refreshToken: auth.refreshToken === null ? null : hide(auth.refreshToken),
        params: keepMasked(auth.params, masks),
      };
    case "aws":
      return {
        ...auth,
        secretAccessKey: hide(auth.secretAccessKey),
        sessionToken: auth.sessionToken === null ? null : hide(auth.sessionToken),
      };
    case "sign":
      return { ...auth, key: hide(auth.key), headers: keepMasked(auth.headers, masks) };
  }
}

function maskedFetch(fetch: FetchOptions, masks: ReadonlyMap<string, string>): FetchOptions {
  const { tls } = fetch;
  const key = tls?.key?.includes("-----BEGIN ") && !masks.has(tls.key) ? hidden : tls?.key;
  return { ...fetch, tls: tls === null ? null : { ...tls, key: key ?? null } };
}

function maskedHook(webhook: string | null, masks: ReadonlyMap<string, string>): string | null {
  if (webhook === null || masks.has(webhook)) return webhook;
  return `${new URL(webhook).origin}/${hidden}`;
}

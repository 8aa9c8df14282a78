// Keeps secrets out of logs, traces and error texts: everything written for people or collectors passes through here.

const mask = "***";

const secretField =
  /^(?:(?:proxy-)?authorization|(?:set-)?cookie2?|x-api-key|x-auth-token|x-amz-security-token|(?:api|access|refresh|auth|bearer|nats|client|secret)?[-_]?(?:token|secret)|(?:api|secret|secret[-_]?access)[-_]?key|passw(?:or)?d)$/i;

const headerInText =
  /\b((?:proxy-)?authorization|set-cookie|cookie|x-api-key)(["']?\s*[:=]\s*)(["']?)[^"'\r\n]+/gi;
const userInfo = /\b([a-z][a-z0-9+.-]{0,19}:\/\/)[^\s/?#"'<>]*@/gi;
const queryAuth =
  /([?&](?:(?:access|id|refresh|auth|api)?[-_]?token|(?:client|api)?[-_]?secret|passw(?:or)?d|pwd|(?:(?:api|access|app|private|subscription)[-_]?)?key|auth|authorization|sig|signature|awsaccesskeyid|x-(?:amz|goog)-(?:signature|credential|security-token))=)[^&#\s"'<>]*/gi;

/** Whether a field, or header, of that name mostly holds a secret. */
export function isSecretName(name: string): boolean {
  return secretField.test(name);
}

/**
 * The text without header values of `authorization`, `cookie` and `x-api-key`, URL user info (RFC 3986 section 3.2.1)
 * and query parameters that commonly authenticate. `hidden`: further texts to mask wherever they occur.
 */
export function redactText(text: string, hidden: Iterable<string> = []): string {
  let clean = text;
  for (const secret of hidden) clean = clean.replaceAll(secret, mask);
  return clean
    .replace(headerInText, `$1$2$3${mask}`)
    .replace(userInfo, `$1${mask}@`)
    .replace(queryAuth, `$1${mask}`);
}

/**
 * A copy of `value` fit for JSON in which strings are redacted and values of secret-named fields masked, also in header
 * lists (`["authorization", "..."]`). Nested deeper than 6 levels, and cycles, become "[...]".
 */
export function redactValue(value: unknown, hidden: Iterable<string> = [], depth = 0): unknown {
  if (typeof value === "string") return redactText(value, hidden);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth >= 6) return "[...]";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value)) {
    return value.map((item, i) => {
      const name: unknown = value[i - 1];
      const masked = typeof name === "string" && typeof item === "string" && secretField.test(name);
      return masked ? mask : redactValue(item, hidden, depth + 1);
    });
  }
  const clean: Record<string, unknown> = {};
  const entries = value instanceof Map ? value.entries() : Object.entries(value);
  for (const [key, item] of entries) {
    // A number is no secret: the fencing token of a lease is worth reading.
    const worthHiding = typeof item === "string" || (typeof item === "object" && item !== null);
    const masked = worthHiding && secretField.test(String(key));
    clean[String(key)] = masked ? mask : redactValue(item, hidden, depth + 1);
  }
  return clean;
}

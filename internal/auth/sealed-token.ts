// A token as it may lie in the queue's state, which is on disk: sealed by a key that whoever may renew it has anyway.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** `renewAtMs`: epoch, before its end; null: it does not say. `refresh`: the refresh token to use next, null for none. */
export type Token = { access: string; renewAtMs: number | null; refresh: string | null };

const cipher = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

/** The key (RFC 5869) for a client's tokens. `secret`: what proves the client. `id`: of the tokens. */
export function sealingKey(secret: string, id: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, id, "onpoint token", 32));
}

export function seal(token: Token, key: Buffer): Buffer {
  const nonce = randomBytes(nonceBytes);
  const sealing = createCipheriv(cipher, key, nonce);
  const text = Buffer.concat([sealing.update(JSON.stringify(token), "utf8"), sealing.final()]);
  return Buffer.concat([nonce, sealing.getAuthTag(), text]);
}

/** Null for what was sealed with another key, or is damaged: the token is had anew. */
export function unseal(sealed: Uint8Array, key: Buffer): Token | null {
  if (sealed.length < nonceBytes + tagBytes) return null;
  const opening = createDecipheriv(cipher, key, sealed.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  });
  opening.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
  try {
    const text = opening.update(sealed.subarray(nonceBytes + tagBytes));
    return JSON.parse(Buffer.concat([text, opening.final()]).toString("utf8")) as Token;
  } catch {
    return null;
  }
}

// What texts about the network must be.
import { isIP } from "node:net";
import type { Check } from "./value-checks.ts";
import { checkFile, checkHeaderValue } from "./value-checks.ts";

/** A URL or an e-mail address that can stand in a User-Agent. */
export const checkContact: Check = (text) => {
  const isUrl = /^https?:\/\/[^/\s]/i.test(text) && URL.canParse(text);
  const isMail = /^(mailto:)?[^\s@,]+@[^\s@,]+$/.test(text);
  if (!isUrl && !isMail) {
    const fix = "Write https://HOST/PATH or name@example.com";
    return { what: "is neither a URL nor an e-mail address", fix };
  }
  return /[()\s]/.test(text)
    ? { what: "contains a space or a parenthesis", fix: "Write them as %20, %28 and %29" }
    : checkHeaderValue(text);
};

export const checkProxyUrl: Check = (text) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const fix = "Write http://HOST:PORT, with USER:PASSWORD@ before HOST if it asks for them";
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === "")
    return { what: "is not the URL of an HTTP proxy", fix };
  return url.pathname === "/" && url.search === "" && url.hash === ""
    ? null
    : { what: "has a path", fix };
};

/** A host name, an address, or a range in CIDR notation. */
export const checkHostOrRange: Check = (text) => {
  const fix = "Write a host such as db.internal, an address, or a range such as 10.0.0.0/8";
  const [address = "", bits, ...more] = text.split("/");
  if (bits === undefined) {
    const isHost = /^[a-z0-9._-]+$/i.test(text) || isIP(text) !== 0;
    return isHost ? null : { what: "is neither a host nor a range of addresses", fix };
  }
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  const isRange = more.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
  return isRange ? null : { what: "is not a range of addresses", fix };
};

/** A PEM text, or a local file. */
export const checkPem: Check = (text) => {
  const complaint = text.includes("-----BEGIN ") ? null : checkFile(text);
  const fix = "Write the path of a PEM file, such as ./client.pem, or its text";
  return complaint === null ? null : { ...complaint, fix };
};

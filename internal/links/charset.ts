// From bytes to text: which encoding an answer is in. A wrong guess is a wrong name in every table made from it.
import { isAscii, isUtf8 } from "node:buffer";
import sniffEncoding from "html-encoding-sniffer";

const textTypes = new Set(
  (
    "javascript x-javascript ecmascript ndjson x-ndjson jsonl jsonlines x-jsonlines json-seq x-www-form-urlencoded yaml x-yaml " +
    "toml csv sql graphql"
  )
    .split(" ")
    .map((name) => `application/${name}`),
);

/** Whether a body of this Content-Type is text: `text/*`, JSON, XML and their kin. A missing type is not. */
export function isText(contentType: string): boolean {
  const type = essence(contentType);
  return type.startsWith("text/") || isXml(type) || isJson(type) || textTypes.has(type);
}

/**
 * Decodes a body; `charset` is the WHATWG name of its encoding. A byte order mark decides (and is left out), then the charset
 * of the Content-Type, then for HTML a `<meta>` in the first 1,024 bytes, UTF-8 where the bytes can be nothing else, and
 * windows-1252 at last (WHATWG HTML 13.2.3.2); for XML the declaration, then UTF-8 (RFC 7303 section 3); for JSON UTF-8
 * (RFC 8259 section 8.1); for all else UTF-8 where the bytes are, else windows-1252. Bytes that do not fit become U+FFFD.
 * Never throws.
 */
export function decodeBody(
  body: Uint8Array,
  contentType: string,
): { text: string; charset: string } {
  const charset = charsetOf(body, contentType);
  // The one encoding without a decoder: labels of encodings that are unsafe to read (WHATWG Encoding 14.1).
  if (charset === "replacement") return { text: body.length > 0 ? "\uFFFD" : "", charset };
  return { text: new TextDecoder(charset).decode(body), charset };
}

/** The WHATWG name of a body's encoding, found as by `decodeBody`. */
export function charsetOf(body: Uint8Array, contentType: string): string {
  const type = essence(contentType);
  const transportLayerEncodingLabel = charsetParameter(contentType);
  if (isXml(type)) return sniffEncoding(body, { xml: true, transportLayerEncodingLabel });
  if (type === "text/html") {
    const defaultEncoding = !isAscii(body) && looksUtf8(body) ? "UTF-8" : "windows-1252";
    return sniffEncoding(body, { transportLayerEncodingLabel, defaultEncoding });
  }
  const defaultEncoding = isJson(type) || looksUtf8(body) ? "UTF-8" : "windows-1252";
  return sniffEncoding(body, { transportLayerEncodingLabel, defaultEncoding, maxPrescanBytes: 0 });
}

// The last character may be half of one, where the body was cut; then there must be others that prove it.
function looksUtf8(body: Uint8Array): boolean {
  if (isUtf8(body)) return true;
  let end = body.length - 1;
  while (end > body.length - 3 && ((body[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  const whole = body.subarray(0, Math.max(end, 0));
  return (body[end] ?? 0) >= 0xc0 && !isAscii(whole) && isUtf8(whole);
}

function charsetParameter(contentType: string): string | undefined {
  return /;\s*charset\s*=\s*["']?([^"';\s]+)/i.exec(contentType)?.[1];
}

function essence(contentType: string): string {
  return (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
}

function isXml(type: string): boolean {
  return /[/+]xml$/.test(type);
}

function isJson(type: string): boolean {
  return (
    /[/+]json$/.test(type) || /^application\/(x-)?(ndjson|jsonl|jsonlines|json-seq)$/.test(type)
  );
}

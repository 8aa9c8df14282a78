// What a body really is, from its first bytes: the essentials of WHATWG MIME Sniffing (sections 6 and 7). Servers name a PDF
// text/plain and an error page application/pdf; a crawl that believes them stores garbage and loses links.
import { essenceOf, isTextual } from "./media-type.ts";

const headBytes = 1445;

/** A signature at an offset; what it proves. */
type Signature = { at: number; bytes: Buffer; type: string };
const signature = (text: string, type: string, at = 0): Signature => ({
  at,
  bytes: Buffer.from(text, "latin1"),
  type,
});

// 6.1 to 6.4: documents, images, audio and video, fonts, archives.
const signatures: Signature[] = [
  signature("%PDF-", "application/pdf"),
  signature("%!PS-Adobe-", "application/postscript"),
  signature("\x00\x00\x01\x00", "image/x-icon"),
  signature("\x00\x00\x02\x00", "image/x-icon"),
  signature("GIF87a", "image/gif"),
  signature("GIF89a", "image/gif"),
  signature("\x89PNG\r\n\x1a\n", "image/png"),
  signature("\xff\xd8\xff", "image/jpeg"),
  signature("WEBPVP", "image/webp", 8),
  signature("AVI ", "video/avi", 8),
  signature("WAVE", "audio/wave", 8),
  signature("OggS\x00", "application/ogg"),
  signature("MThd\x00\x00\x00\x06", "audio/midi"),
  signature("ID3", "audio/mpeg"),
  signature("\x1a\x45\xdf\xa3", "video/webm"),
  signature("ftyp", "video/mp4", 4),
  signature("\x00\x01\x00\x00", "font/ttf"),
  signature("OTTO", "font/otf"),
  signature("wOFF", "font/woff"),
  signature("wOF2", "font/woff2"),
  signature("\x1f\x8b\x08", "application/x-gzip"),
  signature("PK\x03\x04", "application/zip"),
  signature("Rar!\x1a\x07", "application/x-rar-compressed"),
  signature("\x28\xb5\x2f\xfd", "application/zstd"),
];

// 7.1, table of texts that end in a space or ">".
const htmlStart =
  /^[\t\n\f\r ]*(?:<!--|<(?:!DOCTYPE HTML|HTML|HEAD|SCRIPT|IFRAME|H1|DIV|FONT|TABLE|A|STYLE|TITLE|B|BODY|BR|P)[ >])/i;
const htmlDocument = /^[\t\n\f\r ]*<(?:!DOCTYPE HTML|HTML)[\t\n\f\r >]/i;
const xmlStart = /^[\t\n\f\r ]*<\?xml/;
const byteOrderMark = /^(?:\xef\xbb\xbf|\xfe\xff|\xff\xfe)/;
// 3: binary data bytes.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these bytes are what it is about
const binaryBytes = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]/;
const unknownTypes = new Set(["", "unknown/unknown", "application/unknown", "*/*"]);
// 5.1, the Apache bug: what old servers call whatever they do not know.
const apacheTypes = new Set([
  "text/plain",
  "text/plain; charset=iso-8859-1",
  "text/plain; charset=utf-8",
]);

/**
 * The Content-Type to read a body by: the header's text where it can be true, else the type its first bytes show. Sniffed are
 * bodies without a usable type, `application/octet-stream`, and text/plain as old servers say it; a textual type whose body
 * begins with a binary signature is wrong, and so is a binary one whose body begins as an HTML page. `nosniff` (the value of
 * X-Content-Type-Options) leaves a usable type as it is. An empty body is what it is called.
 */
export function effectiveType(header: string, body: Uint8Array, nosniff = ""): string {
  const essence = essenceOf(header);
  if (body.length === 0) return header;
  if (!unknownTypes.has(essence) && /^\s*nosniff\b/i.test(nosniff)) return header;
  const head = Buffer.from(body.buffer, body.byteOffset, Math.min(body.length, headBytes));
  if (unknownTypes.has(essence)) return sniffUnknown(head);
  const binary = signatureType(head);
  if (binary !== null && (isTextual(essence) || essence === "application/octet-stream"))
    return binary;
  if (apacheTypes.has(header.trim().toLowerCase())) return sniffPlain(head, header);
  return binary === null && !isMarkup(essence) && htmlDocument.test(latin1(head))
    ? "text/html"
    : header;
}

/** 7.1: a body of which nothing is known. */
function sniffUnknown(head: Buffer): string {
  const text = latin1(head);
  if (htmlStart.test(text)) return "text/html";
  if (xmlStart.test(text)) return "text/xml";
  const binary = signatureType(head);
  if (binary !== null) return binary;
  return byteOrderMark.test(text) || !binaryBytes.test(text)
    ? "text/plain"
    : "application/octet-stream";
}

/** 7.2: text, unless it has bytes that no text has. */
function sniffPlain(head: Buffer, header: string): string {
  const text = latin1(head);
  return byteOrderMark.test(text) || !binaryBytes.test(text) ? header : "application/octet-stream";
}

/** Signatures that are letters may begin a text (`OTTO's bar`): they prove nothing where no byte is binary. */
function signatureType(head: Buffer): string | null {
  const found = signatures.find(
    ({ at, bytes }) =>
      head.length >= at + bytes.length && bytes.compare(head, at, at + bytes.length) === 0,
  );
  if (found === undefined) return null;
  const text = latin1(head);
  const isProof =
    found.type === "application/pdf" || text.charCodeAt(0) >= 0x80 || binaryBytes.test(text);
  return isProof ? found.type : null;
}

/** Types under which an HTML document may be shown as it is written. */
const isMarkup = (essence: string) => essence.startsWith("text/") || /[/+]xml$/.test(essence);
const latin1 = (head: Buffer) => head.toString("latin1");

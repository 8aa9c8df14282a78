// The bytes of a page as a text to look for markup in. Most encodings write markup in ASCII, so the bytes themselves will do,
// and only the few values that are asked for are decoded.

/** Encodings in which no byte below 0x80 is ever part of another character: UTF-8 and those of one byte. */
const isAsciiBased =
  /^(utf-8|windows-125\d|windows-874|iso-8859-.+|koi8-[ru]|macintosh|ibm866|x-mac-cyrillic|x-user-defined)$/i;

/** `markup`: one character a byte, or the decoded page. `decode`: slices of it to text; null when they are text. */
export type Markup = { markup: string; decode: ((bytes: string) => string) | null };

/** What to scan of a page in the encoding of that WHATWG name, without its byte order mark. */
export function markupOf(body: Buffer, charset: string): Markup {
  if (charset === "replacement") return { markup: "\uFFFD", decode: null };
  const decoder = new TextDecoder(charset, { ignoreBOM: true });
  const hasMark = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
  if (!isAsciiBased.test(charset))
    return { markup: new TextDecoder(charset).decode(body), decode: null };
  const markup = body.toString("latin1", hasMark ? 3 : 0);
  const decode = (bytes: string) =>
    /[\x80-\xff]/.test(bytes) ? decoder.decode(Buffer.from(bytes, "latin1")) : bytes;
  return { markup, decode };
}

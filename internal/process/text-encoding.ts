// Text in other encodings becomes UTF-8 before any reader sees it, exactly or not at all.
//
// What is no character in its encoding becomes a byte that is no UTF-8: the record it stands in is then set aside, as one of
// a UTF-8 file with such a byte is. Nothing is replaced by U+FFFD.

/** Names that people use and the Encoding Standard has not, or means otherwise: in files ISO-8859-1 has C1 controls. */
const ours = new Set(["utf-16", "utf-32", "utf-32le", "utf-32be", "iso-8859-1", "latin1"]);

/** A name of an encoding, in lower case, or null for one that is not known. */
export function knownEncoding(name: string): string | null {
  const label = name
    .trim()
    .toLowerCase()
    .replace(/^utf(8|16|32)/, "utf-$1");
  if (ours.has(label)) return label;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return null;
  }
}

/** The encoding that a byte order mark shows (Unicode 16.0, section 23.8), or null without one. */
export function markedEncoding(head: Buffer): string | null {
  const start = head.toString("hex", 0, 4);
  if (start === "fffe0000") return "utf-32le";
  if (start === "0000feff") return "utf-32be";
  if (start.startsWith("fffe")) return "utf-16le";
  if (start.startsWith("feff")) return "utf-16be";
  return start.startsWith("efbbbf") ? "utf-8" : null;
}

/** The encoding that an XML document declares, or null. */
export function declaredEncoding(head: Buffer): string | null {
  const declared = /^<\?xml\s[^>]*?encoding\s*=\s*["']([\w.-]+)["']/.exec(
    head.toString("latin1", 0, 200),
  );
  return declared === null ? null : knownEncoding(declared[1] ?? "");
}

/** The same text in UTF-8; a byte order mark stays. */
export async function* toUtf8(
  source: AsyncIterable<Buffer>,
  encoding: string,
): AsyncGenerator<Buffer, void, void> {
  const decode = decoderOf(encoding);
  for await (const chunk of source) yield decode(chunk, false);
  const rest = decode(Buffer.alloc(0), true);
  if (rest.length > 0) yield rest;
}

type Decode = (chunk: Buffer, last: boolean) => Buffer;

function decoderOf(encoding: string): Decode {
  if (encoding === "iso-8859-1" || encoding === "latin1")
    return (chunk) => Buffer.from(chunk.toString("latin1"));
  if (encoding.startsWith("utf-16")) return utf16(encoding === "utf-16be");
  if (encoding.startsWith("utf-32")) return utf32(encoding === "utf-32be");
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  return (chunk, last) => withBadBytes(decoder.decode(chunk, { stream: !last }).split("\ufffd"));
}

const badByte = Buffer.from([0xff]);

/** Texts with a byte that is no UTF-8 between each two. */
function withBadBytes(texts: string[]): Buffer {
  if (texts.length === 1) return Buffer.from(texts[0] ?? "");
  return Buffer.concat(
    texts.flatMap((text, i) => (i === 0 ? [Buffer.from(text)] : [badByte, Buffer.from(text)])),
  );
}

const loneSurrogate = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

function utf16(isBig: boolean): Decode {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk, last) => {
    const bytes = Buffer.concat([rest, chunk]);
    let end = bytes.length - (bytes.length % 2);
    const whole = Buffer.from(bytes.subarray(0, end));
    const text = (isBig ? whole.swap16() : whole).toString("utf16le");
    // Half of a pair waits for the other one.
    const isOpen = !last && /[\ud800-\udbff]$/.test(text);
    if (isOpen) end -= 2;
    rest = bytes.subarray(end);
    const kept = isOpen ? text.slice(0, -1) : text;
    const out = kept.isWellFormed() ? Buffer.from(kept) : withBadBytes(kept.split(loneSurrogate));
    return last && rest.length > 0 ? Buffer.concat([out, badByte]) : out;
  };
}

function utf32(isBig: boolean): Decode {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk, last) => {
    const bytes = Buffer.concat([rest, chunk]);
    const end = bytes.length - (bytes.length % 4);
    rest = bytes.subarray(end);
    const texts = [""];
    for (let at = 0; at < end; at += 4) {
      const code = isBig ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
      if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) texts.push("");
      else texts[texts.length - 1] += String.fromCodePoint(code);
    }
    if (last && rest.length > 0) texts.push("");
    return withBadBytes(texts);
  };
}

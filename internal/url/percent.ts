// Percent-encoding in its one normal form, for URLs and for the paths of robots.txt alike.

const escapes = /%([0-9A-Fa-f]{2})/g;

/**
 * Upper-cases `%xx` and decodes those of unreserved characters (RFC 3986 sections 2.3 and 6.2.2). A `%` that starts no escape
 * stays, and no escape is decoded into a digit of one, so that a second pass changes nothing.
 */
export function normalPercent(text: string): string {
  if (!text.includes("%")) return text;
  return text.replace(escapes, (triplet: string, hex: string, offset: number) => {
    const code = Number.parseInt(hex, 16);
    if (!isUnreserved(code)) return triplet.toUpperCase();
    if (isHexDigit(code) && followsStrayPercent(text, offset)) return triplet.toUpperCase();
    return String.fromCharCode(code);
  });
}

/** `%XX` of one octet. */
export function percentOf(octet: number): string {
  return `%${octet.toString(16).toUpperCase().padStart(2, "0")}`;
}

function isUnreserved(code: number): boolean {
  const isLetter = (code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a;
  const isMark = code === 0x2d || code === 0x2e || code === 0x5f || code === 0x7e;
  return isLetter || isDigit(code) || isMark;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isHexDigit(code: number): boolean {
  return isDigit(code) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66);
}

function followsStrayPercent(text: string, offset: number): boolean {
  if (text[offset - 1] === "%") return true;
  return text[offset - 2] === "%" && isHexDigit(text.charCodeAt(offset - 1));
}

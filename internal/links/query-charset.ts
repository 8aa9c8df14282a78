// Links of pages that are not in UTF-8: what stands in their query is sent in the page's own encoding (WHATWG HTML 2.4.3 and
// URL 4.4), the path always in UTF-8. Servers of such pages understand nothing else.
import { percentOf } from "../url/percent.ts";

/** Encodings of two bytes a character, with the range of their first byte as their encoder has it (WHATWG Encoding). */
const doubleByte: Record<string, [first: number, last: number]> = {
  gbk: [0x81, 0xfe],
  gb18030: [0x81, 0xfe],
  big5: [0xa1, 0xfe],
  "euc-kr": [0x81, 0xfe],
  "euc-jp": [0x8e, 0xfe],
  shift_jis: [0x81, 0xfc],
};
const tables = new Map<string, Map<string, number>>();

/**
 * Writes what a link's query has beyond ASCII as `%xx` of the encoding of that WHATWG name; characters that it lacks become
 * `&#N;`, as browsers send them. Null where it is UTF-8: for UTF-8 and UTF-16. Not as by the standard: ISO-2022-JP is sent as
 * UTF-8, too, and of gb18030 only the characters of two bytes are known.
 */
export function queryEncoder(charset: string): ((href: string) => string) | null {
  const name = charset.toLowerCase();
  if (Object.hasOwn(doubleByte, name) || /^(windows|iso-8859|koi8|mac|ibm|x-mac)/.test(name))
    return (href) => encodeQuery(href, name);
  return null;
}

function encodeQuery(href: string, name: string): string {
  const queryAt = href.indexOf("?");
  if (queryAt < 0) return href;
  const hashAt = href.indexOf("#", queryAt);
  const end = hashAt < 0 ? href.length : hashAt;
  const query = href.slice(queryAt, end);
  if (/^[\0-\x7f]*$/.test(query)) return href;
  const table = tables.get(name) ?? tableOf(name);
  tables.set(name, table);
  const encoded = query.replace(
    /[^\0-\x7f]/gu,
    (letter) => escapesOf(table.get(letter)) ?? `%26%23${letter.codePointAt(0)}%3B`,
  );
  return href.slice(0, queryAt) + encoded + href.slice(end);
}

function escapesOf(code: number | undefined): string | null {
  if (code === undefined) return null;
  return code > 0xff ? percentOf(code >> 8) + percentOf(code & 0xff) : percentOf(code);
}

// Character to its bytes, as one number: the decoder, read backwards, in one go. Of two ways to write one the first counts.
function tableOf(name: string): Map<string, number> {
  const codes: number[] = [];
  // In gb18030 only the decoder knows the one character of one byte.
  if (name !== "gb18030") for (let byte = 0x80; byte <= 0xff; byte += 1) codes.push(byte);
  const [start, end] = doubleByte[name] ?? [0, -1];
  for (let first = start; first <= end; first += 1)
    for (let second = 0x30; second <= 0xfe; second += 1) codes.push((first << 8) | second);
  const bytes = new Uint8Array(codes.length * 3);
  let length = 0;
  for (const code of codes) {
    if (code > 0xff) bytes[length++] = code >> 8;
    bytes[length++] = code & 0xff;
    bytes[length++] = 0x0a;
  }
  const lines = new TextDecoder(name).decode(bytes.subarray(0, length)).split("\n");
  const table = new Map<string, number>();
  codes.forEach((code, index) => {
    const letter = lines[index] ?? "";
    const isOne = letter.length === 1 || (letter.length === 2 && [...letter].length === 1);
    if (isOne && letter !== "\uFFFD" && !table.has(letter)) table.set(letter, code);
  });
  return table;
}

// Links of pages that are not in UTF-8: what stands in their query is sent in the page's own encoding (WHATWG HTML 2.4.3 and
// URL 4.4), the path always in UTF-8. Servers of such pages understand nothing else.
import { percentOf } from "../url/percent.ts";

/** Encodings of two bytes a character, with the range of their first byte. */
const doubleByte: Record<string, [first: number, last: number]> = {
  gbk: [0x81, 0xfe],
  gb18030: [0x81, 0xfe],
  big5: [0x81, 0xfe],
  "euc-kr": [0x81, 0xfe],
  "euc-jp": [0x8e, 0xfe],
  shift_jis: [0x81, 0xfc],
};
const tables = new Map<string, Map<string, string>>();

/**
 * Writes what a link's query has beyond ASCII as `%xx` of the encoding of that WHATWG name; characters that it lacks become
 * `&#N;`, as browsers send them. Null where the answer is UTF-8, as by `URL`: for UTF-8, UTF-16 and the encodings with states.
 */
export function queryEncoder(charset: string): ((href: string) => string) | null {
  const name = charset.toLowerCase();
  if (name in doubleByte || /^(windows|iso-8859|koi8|mac|ibm|x-mac)/.test(name))
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
    (letter) => table.get(letter) ?? `%26%23${letter.codePointAt(0)}%3B`,
  );
  return href.slice(0, queryAt) + encoded + href.slice(end);
}

// Character to its escapes: the decoder, read backwards. Of two ways to write a character the first counts.
function tableOf(name: string): Map<string, string> {
  const table = new Map<string, string>();
  const decoder = new TextDecoder(name, { fatal: true });
  const add = (bytes: number[]) => {
    let letter = "";
    try {
      letter = decoder.decode(Uint8Array.from(bytes));
    } catch {
      // No character has these bytes.
      return;
    }
    if ([...letter].length === 1 && !table.has(letter))
      table.set(letter, bytes.map(percentOf).join(""));
  };
  for (let byte = 0x80; byte <= 0xff; byte += 1) add([byte]);
  const range = doubleByte[name];
  if (range !== undefined) {
    for (let first = range[0]; first <= range[1]; first += 1)
      for (let second = 0x30; second <= 0xfe; second += 1) add([first, second]);
  }
  return table;
}

import fc from "fast-check";
import { expect, test } from "vitest";
import { queryEncoder } from "./query-charset.ts";

const encodings =
  "GBK gb18030 Big5 EUC-KR EUC-JP Shift_JIS windows-1252 windows-1251 ISO-8859-2 KOI8-R macintosh".split(
    " ",
  );

test.each(encodings)("what is written in %s is read as it was meant", (charset) => {
  const encode = queryEncoder(charset) as (href: string) => string;
  const decoder = new TextDecoder(charset, { fatal: true });
  const letter = fc
    .oneof(fc.integer({ min: 0x80, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
    .map((code) => String.fromCodePoint(code));
  const common = fc.constantFrom(..."éüñßйяжあテ漢字中文한글€—");
  fc.assert(
    fc.property(fc.array(fc.oneof(letter, common), { maxLength: 8 }), (letters) => {
      const text = letters.join("");
      const query = encode(`/p\u00e9?${text}#\u00e9`);
      expect(query).toMatch(/^\/p\u00e9\?(?:%[0-9A-F]{2}|[0-9])*#\u00e9$/);
      const bytes = query
        .slice(4, -2)
        .replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
      const read = decoder.decode(Buffer.from(bytes, "latin1"));
      expect(read.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))).toBe(text);
    }),
  );
});

test("where the standard has UTF-8 nothing is done", () => {
  expect(["UTF-8", "UTF-16LE", "UTF-16BE", "replacement", ""].map(queryEncoder)).toEqual(
    new Array(5).fill(null),
  );
});

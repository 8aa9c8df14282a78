import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { processOne } from "../../test/support/process-batch.ts";
import { knownEncoding, toUtf8 } from "./text-encoding.ts";

const utf16be = (text: string) => Buffer.from(text, "utf16le").swap16();
function utf32(text: string, isBig: boolean): Buffer {
  const out = Buffer.alloc([...text].length * 4);
  for (const [i, character] of [...text].entries()) {
    const code = character.codePointAt(0) ?? 0;
    if (isBig) out.writeUInt32BE(code, i * 4);
    else out.writeUInt32LE(code, i * 4);
  }
  return out;
}

test.each([
  ["utf-16le", (text: string) => Buffer.from(text, "utf16le")],
  ["utf-16be", utf16be],
  ["utf-32le", (text: string) => utf32(text, false)],
  ["utf-32be", (text: string) => utf32(text, true)],
])("%s is the same text, however it is cut", async (encoding, write) => {
  const text = fc.string({ unit: "grapheme", maxLength: 30 }).filter((each) => each.isWellFormed());
  await fc.assert(
    fc.asyncProperty(text, fc.array(fc.nat(120), { maxLength: 5 }), async (whole, cuts) => {
      const bytes = write(whole);
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const pieces = at.map((from, i) => bytes.subarray(from, at[i + 1] ?? bytes.length));
      expect((await converted(pieces, encoding)).toString()).toBe(whole);
    }),
  );
});

test.each([
  ["iso-8859-1", "c3a48085", "c3a4c280c285".replace("c3a4", "c383c2a4")],
  ["windows-1252", "8085e4", "e282ace280a6c3a4"],
  ["koi8-r", "c1c2", "d0b0d0b1"],
  ["shift_jis", "82a0", "e38182"],
  ["shift_jis", "82", "ff"],
  ["utf-16le", "61003dd8", "61ff"],
  ["utf-16le", "00dc6100", "ff61"],
  ["utf-16le", "fdff", "efbfbd"],
  ["utf-16be", "006100", "61ff"],
  ["utf-32le", "0000110061000000", "ff61"],
])("%s %s is %s", async (encoding, bytes, utf8) => {
  expect((await converted([Buffer.from(bytes, "hex")], encoding)).toString("hex")).toBe(utf8);
});

async function converted(pieces: Buffer[], encoding: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of toUtf8(from(pieces), knownEncoding(encoding) ?? "")) parts.push(part);
  return Buffer.concat(parts);
}

async function* from(pieces: Buffer[]) {
  yield* pieces;
}

describe("files", () => {
  const csv = "a,b\r\n1,ä€\r\n";
  test.each([
    ["UTF-16 with a mark", Buffer.from(`\ufeff${csv}`, "utf16le"), null],
    ["big-endian UTF-16 with a mark", utf16be(`\ufeff${csv}`), null],
    ["UTF-32 with a mark", utf32(`\ufeff${csv}`, false), null],
    ["UTF-16 that was told of", Buffer.from(csv, "utf16le"), "utf-16le"],
    ["windows-1252", Buffer.from("612c620d0a312ce4800d0a", "hex"), "windows-1252"],
    ["a mark against what was told", Buffer.from(`\ufeff${csv}`), "windows-1252"],
    [
      "XML that says so",
      Buffer.concat([
        Buffer.from("<?xml version='1.0' encoding='windows-1252'?><d><r><a>1</a><b>"),
        Buffer.from([0xe4, 0x80]),
        Buffer.from("</b></r></d>"),
      ]),
      null,
    ],
  ])("%s", async (_, x, encoding) => {
    const table = await processOne({ files: { x }, source: { kind: "files", encoding } });
    expect(table.data).toMatchObject([{ a: "1", b: "ä€" }]);
  });

  test("what is no text is set aside, never replaced", async () => {
    const x = Buffer.concat([
      Buffer.from("\ufeffa,b\n1,x\n2,", "utf16le"),
      Buffer.from([0x00, 0xdc]),
      Buffer.from("\n3,z\n", "utf16le"),
    ]);
    const table = await processOne({ files: { x } });
    expect(table.data.map(({ a }) => a)).toEqual(["1", "3"]);
    expect(table.bad).toMatchObject([{ line: "3", reason: "NOT_UTF8" }]);
  });
});

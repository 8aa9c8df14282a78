// Archives as people drop them, whole and damaged: every member is rows, or a row of the quarantine.
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { tarOf, zipOf } from "../../test/support/pack-archives.ts";
import { processOne } from "../../test/support/process-batch.ts";

const members = [
  { name: "in/a.csv", data: "a,b\n1,x\n" },
  { name: "in/b.json", data: '[{"a":2,"b":"y"}]' },
  { name: "in/c.xml", data: "<d><r><a>3</a><b>z</b></r></d>" },
  { name: "in/d.csv.gz", data: gzipSync("a,b\n4,w\n") },
];
const rows = [
  [1, "x"],
  [2, "y"],
  [3, "z"],
  [4, "w"],
];
const asRows = (data: Record<string, unknown>[]) => data.map(({ a, b }) => [Number(a), b]);
const bz2 = Buffer.from(
  "QlpoOTFBWSZTWdR78W4AAALZgAAQAAQgADAAAEAgACGmmaDAKBULC7kinChIaj34twA=",
  "base64",
);

describe("archives", () => {
  test.each([
    ["zip", zipOf(members)],
    ["stored zip", zipOf(members.map((member) => ({ ...member, stored: true })))],
    ["tar", tarOf(members)],
    ["tar.gz", gzipSync(tarOf(members))],
    ["tar.zst", zstdCompressSync(tarOf(members))],
    [
      "tar with long names",
      tarOf(members.map((m) => ({ ...m, name: `${"n".repeat(150)}/${m.name}` }))),
    ],
  ])("%s: each member by its own format", async (_, data) => {
    const table = await processOne({ files: { "no name": data } });
    expect(asRows(table.data)).toEqual(rows);
    expect(table.bad).toEqual([]);
  });

  test("bzip2, and several streams of it", async () => {
    const table = await processOne({
      files: { "x.csv.bz2": bz2, "y.csv": Buffer.concat([bz2, bz2]) },
    });
    expect(asRows(table.data.filter(({ a }) => a !== "a"))).toHaveLength(3);
  });

  test("names never lead out of the scratch folder, and bad rows know their member", async () => {
    const data = zipOf([
      { name: "../../../etc/passwd", data: '{"a":1,"b":"x"}\n{"a":' },
      { name: "/abs", data: '{"a":2,"b":"y"}\n' },
      { name: "folder/", data: "" },
      { name: "__MACOSX/._a.csv", data: "\u0000\u0005" },
    ]);
    const table = await processOne({ files: { "x.zip": data } });
    expect(asRows(table.data)).toEqual(rows.slice(0, 2));
    expect(table.bad).toMatchObject([
      { file: "x.zip!../../../etc/passwd", line: "2", reason: "MALFORMED_JSON" },
    ]);
  });

  test.each([
    ["a wrong CRC", { crc: 1 }, /wrong CRC/],
    ["encryption", { flags: 1 }, /encrypted/],
    ["an archive in it", { data: zipOf(members) }, /ZIP archive in another archive/],
  ])("%s costs its member alone", async (_, fault, message) => {
    const data = zipOf([
      { name: "a.csv", data: "a,b\n1,x\n" },
      { name: "b.csv", data: "a,b\n2,y\n", ...fault },
    ]);
    const table = await processOne({ files: { "x.zip": data } });
    expect(asRows(table.data)).toEqual(rows.slice(0, 1));
    expect(table.bad).toMatchObject([
      { file: "x.zip!b.csv", reason: "UNREADABLE_FILE", raw: expect.stringMatching(message) },
    ]);
  });

  test("a tar archive that is cut gives its whole members; one in gzip that is damaged none", async () => {
    const tar = tarOf([
      { name: "a.csv", data: "a,b\n1,x\n" },
      { name: "b.csv", data: "a,b\n2,y\n".repeat(100) },
    ]);
    const table = await processOne({
      files: { "x.tar": tar.subarray(0, 1700), "y.tar.gz": gzipSync(tar).subarray(0, -5) },
    });
    expect(asRows(table.data)).toEqual(rows.slice(0, 1));
    expect(table.bad.map(({ file, reason }) => [file, reason])).toEqual([
      ["x.tar!b.csv", "UNREADABLE_FILE"],
      ["y.tar.gz", "UNREADABLE_FILE"],
    ]);
  });

  test.each([
    ["cut", zipOf(members).subarray(0, -10), /cut/],
    ["with members that overlap", overlapping(), /overlap/],
    [
      "a document",
      zipOf([
        { name: "[Content_Types].xml", data: "<a/>" },
        { name: "word/document.xml", data: "<a/>" },
      ]),
      /office document/,
    ],
  ])("a ZIP archive %s is refused", async (_, data, message) => {
    await expect(processOne({ files: { "x.zip": data } })).rejects.toThrow(message);
  });
});

/** Both entries of the directory lead to the first member. */
function overlapping(): Buffer {
  const zip = zipOf([
    { name: "a", data: "a\n1\n" },
    { name: "b", data: "a\n1\n" },
  ]);
  const second = zip.lastIndexOf("PK\u0001\u0002");
  zip.writeUInt32LE(0, second + 42);
  return zip;
}

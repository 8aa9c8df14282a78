import fc from "fast-check";
import { expect, test } from "vitest";
import type { LocalFile, Place } from "./byte-source.ts";
import { cutPlaces, type QuotedRecords } from "./cut-places.ts";
import { csvReader } from "./read-csv.ts";
import { lineReader } from "./read-lines.ts";
import type { RecordReader } from "./record.ts";
import { cutCsvRecord, newCsvRecord } from "./scan-csv.ts";
import { JsonScanner } from "./scan-json.ts";
import { newShape } from "./shape.ts";

const signal = new AbortController().signal;
const held = (bytes: Buffer, place?: Place): LocalFile => ({
  local: "",
  name: "f",
  compression: "none",
  held: bytes,
  ...(place === undefined ? {} : { place }),
});

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A row as it is, whether its fields stand in quotes or not: NULL is no text. */
function fieldsOf(clean: Buffer) {
  const record = newCsvRecord();
  cutCsvRecord(clean, 0, true, 0x2c, record);
  return record.starts.slice(0, record.count).map((start, i) => {
    const value = clean.toString("utf8", start, record.ends[i]);
    if (record.quoted[i]) return value.replaceAll('""', '"');
    return value === "" ? null : value;
  });
}

/** Everything a reader tells of its records. */
async function seen(read: RecordReader) {
  const records: unknown[] = [];
  const { blank } = await read(
    {
      seen: ({ line, offset, raw, reason, clean }) =>
        records.push([line, offset, raw.toString("hex"), reason, reason ?? fieldsOf(clean())]),
      drained: async () => {},
    },
    signal,
  );
  return { records, blank };
}

/** What the parts of a text give together. */
async function seenInParts(
  bytes: Buffer,
  places: readonly Place[],
  reader: (file: LocalFile, isFirst: boolean) => RecordReader,
) {
  const all = { records: [] as unknown[], blank: 0 };
  for (const [i, place] of places.entries()) {
    const part = bytes.subarray(place.offset, places[i + 1]?.offset ?? bytes.length);
    const { records, blank } = await seen(reader(held(part, place), i === 0));
    all.records.push(...records);
    all.blank += blank;
  }
  return all;
}

/** Text of few characters, among them those that matter. */
const text = (...characters: string[]) =>
  fc
    .array(fc.constantFrom(...characters), { maxLength: 120 })
    .map((all) => Buffer.from(all.join("")));
const partBytes = fc.integer({ min: 1, max: 40 });
const pieceBytes = fc.integer({ min: 1, max: 30 });

test("parts of NDJSON give the lines of the whole, with their numbers and offsets", async () => {
  const some = text('{"a":1}', '{"a":', "\n", "\n", "\r\n", " ", '{"b":"x"}\n', "\ufeff");
  await fc.assert(
    fc.asyncProperty(some, partBytes, pieceBytes, async (bytes, part, piece) => {
      const places = await cutPlaces(
        pieces(bytes, piece),
        { quoted: null, partBytes: part },
        signal,
      );
      const reader = (file: LocalFile) => lineReader(file, new JsonScanner());
      expect(await seenInParts(bytes, places, reader)).toEqual(await seen(reader(held(bytes))));
    }),
  );
});

test("parts of CSV give the records of the whole, whatever quotes and line ends it has", async () => {
  const some = text(
    "a",
    "1",
    ",",
    ",",
    '"',
    '"',
    "\n",
    "\n",
    "\r\n",
    "\r",
    " ",
    '"x\ny",z\n',
    "\ufeff",
  );
  await fc.assert(
    fc.asyncProperty(
      some,
      partBytes,
      pieceBytes,
      fc.boolean(),
      fc.integer({ min: 1, max: 3 }),
      async (bytes, part, piece, header, width) => {
        const quoted: QuotedRecords = { delimiter: ",", header, width };
        const places = await cutPlaces(pieces(bytes, piece), { quoted, partBytes: part }, signal);
        const reader = (file: LocalFile, isFirst: boolean) =>
          csvReader(
            file,
            { delimiter: ",", header: header && isFirst },
            Array.from({ length: width }, newShape),
          );
        expect(await seenInParts(bytes, places, reader)).toEqual(
          await seen(reader(held(bytes), true)),
        );
      },
    ),
    { numRuns: 1_000 },
  );
});

test("a cut is at the first record behind each multiple of the size that is wanted", async () => {
  const bytes = Buffer.from("1234\n12\n\n1\n12345678901\n1\n");
  expect(await cutPlaces(pieces(bytes, 7), { quoted: null, partBytes: 5 }, signal)).toEqual([
    { offset: 0, line: 1 },
    { offset: 5, line: 2 },
    { offset: 11, line: 5 },
    { offset: 23, line: 6 },
    { offset: 25, line: 7 },
  ]);
});

test("a part is cut further where the whole would be, from its own place", async () => {
  const bytes = Buffer.from('a,b\n1,"x\nx"\n2,y\n3,z\n');
  const place = { offset: 12, line: 4 };
  const quoted = { delimiter: ",", header: false, width: 2 };
  const options = { quoted, partBytes: 3, place };
  expect(await cutPlaces(pieces(bytes.subarray(12), 2), options, signal)).toEqual([
    { offset: 12, line: 4 },
    { offset: 16, line: 5 },
    { offset: 20, line: 6 },
  ]);
});

test("a part does not begin inside of quotes", async () => {
  const bytes = Buffer.from('a,b\n1,"x\nx\nx\nx"\n2,y\n3,z\n');
  const quoted = { delimiter: ",", header: true, width: 2 };
  expect(await cutPlaces(pieces(bytes, 3), { quoted, partBytes: 6 }, signal)).toEqual([
    { offset: 0, line: 1 },
    { offset: 16, line: 6 },
    { offset: 20, line: 7 },
    { offset: 24, line: 8 },
  ]);
});

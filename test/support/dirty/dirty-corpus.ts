// A batch of dirty files of all formats, packed and cut, that knows what must become of every record.
import { gzipSync, zstdCompressSync } from "node:zlib";
import { tarOf, zipOf } from "../pack-archives.ts";
import { Dice } from "./dice.ts";
import { dirtyCsv } from "./dirty-csv.ts";
import type { DirtyFile } from "./dirty-file.ts";
import { dirtyArray, dirtyNdjson } from "./dirty-json.ts";
import { dirtyXml } from "./dirty-xml.ts";

/** `files`: contents by name, as dropped. `truth`: of each file, or member of an archive, in the order of reading. */
export type DirtyCorpus = { files: Record<string, Buffer>; truth: DirtyFile[] };

/** `isTyped`: column `n` is declared BIGINT; else types are inferred, and all values are kept. */
export function dirtyCorpus(seed: number, isTyped: boolean): DirtyCorpus {
  const dice = new Dice(seed);
  const corpus: DirtyCorpus = { files: {}, truth: [] };
  const formats = [
    [dirtyNdjson, "ndjson"],
    [dirtyCsv, "csv"],
    [dirtyArray, "json"],
    [dirtyXml, "xml"],
  ] as const;
  let firstId = 1;
  const make = (at: number, name: string) => {
    const [format, ending] = formats[at % formats.length] ?? formats[0];
    firstId += 1_000;
    const records = 1 + dice.below(dice.once(3) ? 300 : 30);
    const isHuge = dice.once(40) && at % formats.length < 2;
    return format(dice, { name: `${name}.${ending}`, isTyped, firstId, records, isHuge });
  };
  for (let i = 0; i < 8; i++) drop(corpus, make(i, `plain-${i}`));
  for (let i = 0; i < 4; i++) dropPacked(corpus, make(i, `packed-${i}`), dice);
  for (let i = 0; i < 4; i++) dropCut(corpus, make(i, `cut-${i}`), dice);
  for (const name of ["empty.csv", "empty.ndjson"]) {
    corpus.files[name] = Buffer.from(dice.pick(["", " ", "\n", "\ufeff"]));
  }
  dropArchives(corpus, (i) => make(i, `member-${i}`), dice);
  return corpus;
}

function drop({ files, truth }: DirtyCorpus, file: DirtyFile) {
  files[file.name] = file.bytes;
  truth.push(file);
}

function dropPacked({ files, truth }: DirtyCorpus, file: DirtyFile, dice: Dice) {
  files[file.name] = pack(file.bytes, dice);
  truth.push(file);
}

/** In one member or frame, or two. */
function pack(bytes: Buffer, dice: Dice): Buffer {
  const packer = dice.pick([gzipSync, zstdCompressSync]);
  const cut = dice.once(2) ? dice.below(bytes.length + 1) : bytes.length;
  const parts = cut < bytes.length ? [bytes.subarray(0, cut), bytes.subarray(cut)] : [bytes];
  return Buffer.concat(parts.map((part) => packer(part)));
}

function dropCut({ files, truth }: DirtyCorpus, file: DirtyFile, dice: Dice) {
  const packed = dice.pick([gzipSync, zstdCompressSync])(file.bytes);
  files[file.name] = packed.subarray(
    0,
    packed.length - 1 - dice.below(Math.min(8, packed.length - 5)),
  );
  truth.push(unreadable(file));
}

/** Values are cast when all of a file was read. */
const unreadable = (file: DirtyFile): DirtyFile => ({
  ...file,
  rows: [],
  bad: file.bad.filter(({ reason }) => !reason.startsWith("BAD_CAST")),
  blank: 0,
  isWhole: false,
});

/** A ZIP archive with a damaged member, a tar archive, and a compressed tar archive that is cut. */
function dropArchives(corpus: DirtyCorpus, make: (i: number) => DirtyFile, dice: Dice) {
  const inside = (archive: string, file: DirtyFile): DirtyFile => {
    const name = `${archive}!${file.name}`;
    return { ...file, name, bad: file.bad.map((record) => ({ ...record, file: name })) };
  };
  const zipped = [make(0), make(1), make(2)];
  const damaged = dice.below(zipped.length);
  corpus.files["a.zip"] = zipOf(
    zipped.map(({ name, bytes }, i) => ({
      name,
      data: bytes,
      stored: dice.once(2),
      ...(i === damaged ? { crc: 1 } : {}),
    })),
  );
  corpus.truth.push(
    ...zipped.map((file, i) => {
      const member = inside("a.zip", file);
      return i === damaged ? { ...unreadable(member), bad: [] } : member;
    }),
  );
  const tarred = [make(3), make(0)];
  const tar = tarOf(tarred.map(({ name, bytes }) => ({ name, data: bytes })));
  corpus.files["b.tar"] = tar;
  corpus.truth.push(...tarred.map((file) => inside("b.tar", file)));
  corpus.files["c.tar.gz"] = gzipSync(tar).subarray(0, -1 - dice.below(8));
  const cut = { name: "c.tar.gz", bytes: Buffer.alloc(0), rows: [], bad: [], blank: 0 };
  corpus.truth.push({ ...cut, isWhole: false });
}

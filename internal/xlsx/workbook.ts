// A workbook's head: which sheets it has, its texts, and what its number formats mean.
import { readZip, type ZipEntry } from "../archive/zip.ts";
import { type NumberKind, numberKind, unescaped } from "./cell-value.ts";
import { readPart } from "./xml-part.ts";

/** `kinds`: by the style of a cell. `texts`: shared strings. */
export type Workbook = {
  path: string;
  sheets: { name: string; isHidden: boolean; part: ZipEntry }[];
  is1904: boolean;
  kinds: NumberKind[];
  texts: string[];
};

/** Shared strings are held in memory. */
const maxTextChars = 256 * 1024 * 1024;

/** Throws Error when the file is no workbook, is damaged, or has over 256 Mi characters of shared strings. */
export async function openWorkbook(path: string): Promise<Workbook> {
  const parts = new Map((await readZip(path)).map((entry) => [entry.name, entry]));
  const links = await linksOf(path, part(parts, "xl/_rels/workbook.xml.rels"));
  const sheets: Workbook["sheets"] = [];
  let is1904 = false;
  await readPart(path, part(parts, "xl/workbook.xml"), {
    open(name, attributes) {
      if (name === "workbookPr") is1904 = isTrue(attributes.date1904);
      if (name !== "sheet") return;
      const id = Object.entries(attributes).find(([key]) => key.endsWith(":id"))?.[1] ?? "";
      const target = links.get(id);
      // Sheets of charts and macros have no rows.
      if (target === undefined || !target.includes("worksheets/")) return;
      const isHidden = (attributes.state ?? "visible") !== "visible";
      sheets.push({ name: attributes.name ?? "", isHidden, part: part(parts, target) });
    },
  });
  const styles = parts.get("xl/styles.xml");
  const texts = parts.get("xl/sharedStrings.xml");
  return {
    path,
    sheets,
    is1904,
    kinds: styles === undefined ? [] : await kindsOf(path, styles),
    texts: texts === undefined ? [] : await textsOf(path, texts),
  };
}

const isTrue = (text: string | undefined) => text === "1" || text === "true";

function part(parts: Map<string, ZipEntry>, name: string): ZipEntry {
  const entry = parts.get(name);
  if (entry === undefined) throw new Error(`the workbook has no ${name}`);
  return entry;
}

/** Parts by the id that the workbook calls them. */
async function linksOf(path: string, entry: ZipEntry): Promise<Map<string, string>> {
  const links = new Map<string, string>();
  await readPart(path, entry, {
    open(name, { Id = "", Target = "" }) {
      if (name === "Relationship")
        links.set(Id, Target.startsWith("/") ? Target.slice(1) : `xl/${Target}`);
    },
  });
  return links;
}

async function kindsOf(path: string, entry: ZipEntry): Promise<NumberKind[]> {
  const codes = new Map<number, string>();
  const kinds: NumberKind[] = [];
  let isInCells = false;
  await readPart(path, entry, {
    open(name, attributes) {
      if (name === "numFmt") codes.set(Number(attributes.numFmtId), attributes.formatCode ?? "");
      if (name === "cellXfs") isInCells = true;
      if (name !== "xf" || !isInCells) return;
      const id = Number(attributes.numFmtId ?? 0);
      kinds.push(numberKind(id, codes.get(id)));
    },
    close(name) {
      if (name === "cellXfs") isInCells = false;
    },
  });
  return kinds;
}

async function textsOf(path: string, entry: ZipEntry): Promise<string[]> {
  const texts: string[] = [];
  let chars = 0;
  let text = "";
  let isText = false;
  let isSpoken = false;
  await readPart(path, entry, {
    open(name) {
      if (name === "si") text = "";
      if (name === "rPh") isSpoken = true;
      isText = name === "t" && !isSpoken;
    },
    text(piece) {
      if (isText) text += piece;
    },
    close(name) {
      isText = false;
      if (name === "rPh") isSpoken = false;
      if (name !== "si") return;
      chars += text.length;
      if (chars > maxTextChars)
        throw new Error("a workbook with more than 256 Mi characters of text");
      texts.push(unescaped(text));
    },
  });
  return texts;
}

// Workbooks made part by part; that the reader also reads what Excel's peers write is tried by hand.
import { describe, expect, test } from "vitest";
import { zipOf } from "../../test/support/pack-archives.ts";
import { processOne } from "../../test/support/process-batch.ts";

const main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
const office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

type Made = { sheets: Record<string, string>; is1904?: boolean; hidden?: string };

function workbook({ sheets, is1904 = false, hidden }: Made): Buffer {
  const names = Object.keys(sheets);
  const list = names.map(
    (name, i) =>
      `<x:sheet name="${name}" sheetId="${i + 1}" r:id="r${i}"${name === hidden ? ' state="hidden"' : ""}/>`,
  );
  const links = names.map(
    (_, i) => `<Relationship Id="r${i}" Target="${i === 0 ? "/xl/" : ""}worksheets/s${i}.xml"/>`,
  );
  return zipOf([
    { name: "[Content_Types].xml", data: "<Types/>" },
    {
      name: "xl/workbook.xml",
      data: `<x:workbook ${main.replace("xmlns", "xmlns:x")} xmlns:r="${office}"><x:workbookPr date1904="${is1904}"/><x:sheets>${list.join("")}</x:sheets></x:workbook>`,
    },
    {
      name: "xl/_rels/workbook.xml.rels",
      data: `<Relationships>${links.join("")}</Relationships>`,
    },
    {
      name: "xl/styles.xml",
      data: `<styleSheet ${main}><numFmts><numFmt numFmtId="164" formatCode="[$-409]d/m/yy &quot;h&quot;"/><numFmt numFmtId="165" formatCode="0.00 &quot;days&quot;"/><numFmt numFmtId="166" formatCode="yyyy\\-mm\\-dd hh:mm"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/><xf numFmtId="166"/><xf numFmtId="20"/></cellXfs></styleSheet>`,
    },
    {
      name: "xl/sharedStrings.xml",
      data: `<sst ${main}><si><t>id</t></si><si><r><t>two </t></r><r><t>runs</t></r><rPh><t>spoken</t></rPh></si><si><t>a_x000D_b</t></si></sst>`,
    },
    ...names.map((name, i) => ({
      name: `xl/worksheets/s${i}.xml`,
      data: `<worksheet ${main}><sheetData>${sheets[name]}</sheetData></worksheet>`,
    })),
  ]);
}

const inline = (text: string) => `<c t="inlineStr"><is><t>${text}</t></is></c>`;
const header = (...names: string[]) => `<row>${names.map(inline).join("")}</row>`;
const styled = (style: number, value: string) => `<c s="${style}"><v>${value}</v></c>`;
const withoutDt = (rows: Record<string, unknown>[]) => rows.map(({ dt, ...row }) => row);

describe("Excel", () => {
  test("texts, numbers, truth values, errors, formulas and gaps", async () => {
    const table = await processOne({
      files: {
        x: workbook({
          sheets: {
            s: `<row r="3"><c r="B3" t="s"><v>0</v></c><c r="D3" t="str"><v>name</v></c></row>
<row r="4"><c r="B4"><v>1</v></c><c r="D4" t="s"><v>1</v></c><c r="E4" t="b"><v>1</v></c></row>
<row r="5"/><row r="9"><c r="B9"><f>1+1</f><v>2</v></c><c r="D9" t="s"><v>2</v></c><c r="F9" t="e"><v>#N/A</v></c></row>`,
          },
        }),
      },
    });
    expect(withoutDt(table.data)).toEqual([
      { id: "1", name: "two runs", column4: true, column5: null },
      { id: "2", name: "a\rb", column4: null, column5: "#N/A" },
    ]);
    expect(table.rowsIn).toBe(2);
  });

  test.each([
    [false, ["2024-02-29", "1900-01-01", "1900-03-01"], "2024-02-29 13:30:00"],
    [true, ["2028-03-01", "1904-01-02", "1904-03-02"], "2028-03-01 13:30:00"],
  ])("dates are numbers by their format; from 1904: %s", async (is1904, days, instant) => {
    const rows = ["45351", "1", "61"].map(
      (day) =>
        `<row>${styled(1, day)}${styled(2, day)}${styled(3, day)}${styled(4, "45351.5625")}${styled(5, "0.5")}</row>`,
    );
    const table = await processOne({
      files: {
        x: workbook({ is1904, sheets: { s: header("a", "b", "n", "at", "t") + rows.join("") } }),
      },
    });
    expect(table.data.map(({ a }) => a)).toEqual(days);
    expect(table.data.map(({ b }) => b)).toEqual(days);
    expect(table.data[0]).toMatchObject({ n: "45351", at: instant, t: "12:00:00" });
  });

  test("the day that Excel made up stays a number", async () => {
    const table = await processOne({
      files: { x: workbook({ sheets: { s: `${header("a")}<row>${styled(1, "60")}</row>` } }) },
    });
    expect(withoutDt(table.data)).toEqual([{ a: "60" }]);
  });

  test.each([
    [{ sheet: null, headerRow: null }, { c: "shown" }],
    [{ sheet: "h", headerRow: null }, { c: "hidden" }],
    [{ sheet: 2, headerRow: null }, { c: "shown" }],
    [{ sheet: 2, headerRow: 0 }, { column0: "c" }],
    [{ sheet: 2, headerRow: 2 }, { shown: "third" }],
  ])("the sheet and its header: %j", async (excel, row) => {
    const sheet = (text: string) =>
      `${header("c")}<row>${inline(text)}</row><row>${inline("third")}</row>`;
    const table = await processOne({
      files: { x: workbook({ hidden: "h", sheets: { h: sheet("hidden"), v: sheet("shown") } }) },
      source: { kind: "files", excel },
    });
    expect(withoutDt(table.data)[0]).toEqual(row);
  });

  test.each([
    ["no such sheet", workbook({ sheets: { a: "" } }), /no sheet "x"; it has "a"/],
    [
      "a text that is not there",
      workbook({ sheets: { x: `${header("a")}<row><c t="s"><v>9</v></c></row>` } }),
      /text 9/,
    ],
    ["a sheet that is cut", workbook({ sheets: { x: "<row>" } }), /unexpected close tag/],
    ["an old workbook", Buffer.from("d0cf11e0a1b11ae1", "hex"), /save it as \.xlsx/],
  ])("%s is refused", async (_, x, message) => {
    const read = processOne({
      files: { x },
      source: { kind: "files", excel: { sheet: "x", headerRow: null } },
    });
    await expect(read).rejects.toThrow(message);
  });
});

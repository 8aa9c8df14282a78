// XML files as they come: rows with types, and every fault accounted for.
import { describe, expect, test } from "vitest";
import { processOne } from "../../test/support/process-batch.ts";

const types = (columns: { name: string; type: string }[]) =>
  Object.fromEntries(columns.filter(({ name }) => name !== "dt").map((c) => [c.name, c.type]));

const books = `<?xml version="1.0" encoding="UTF-8"?>
<catalog xmlns:p="urn:price">
  <book id="1" p:vat="7"><title>Emma</title><author>Austen</author><price>9.50</price><on>2024-02-29</on><sold>true</sold></book>
  <book id="2"><title>Gödel &amp; Bach</title><author>H</author><author>M</author><price>12</price><on>2023-01-01</on><sold>false</sold><size><w>7</w><h>x</h></size></book>
  <book id="12345678901234567"><title/></book>
</catalog>`;

describe("XML", () => {
  test("rows are what repeats; types come from all texts, exactly", async () => {
    const table = await processOne({ files: { "x.xml": books } });
    expect(types(table.columns)).toEqual({
      id: "BIGINT",
      vat: "BIGINT",
      title: "VARCHAR",
      author: "VARCHAR[]",
      price: "DOUBLE",
      on: "DATE",
      sold: "BOOLEAN",
      size: 'STRUCT("w" BIGINT, "h" VARCHAR)',
    });
    expect(
      table.data.map(({ id, title, price, on, sold }) => [id, title, price, on, sold]),
    ).toEqual([
      ["1", "Emma", 9.5, "2024-02-29", true],
      ["2", "Gödel & Bach", 12, "2023-01-01", false],
      ["12345678901234567", "", null, null, null],
    ]);
    expect(table.rowsIn).toBe(3);
  });

  test("one list is a list in all files of a task", async () => {
    const table = await processOne({
      files: {
        "a.xml": "<d><r><t>1</t></r><r><t>2</t></r></d>",
        "b.xml": "<d><r><t>1</t><t>x</t></r></d>",
      },
      source: { kind: "files", records: "/d/r" },
    });
    expect(types(table.columns)).toEqual({ t: "VARCHAR[]" });
    expect(table.rowsOut).toBe(3);
  });

  test.each([
    ["cut", '<d><r a="1"/>\n<r a="2"/>\n<r a="3"><b', '<r a="3"><b', 3, 25],
    [
      "a wrong end tag",
      '<d><r a="1"/>\n<r a="2"></q></r><r a="4"/></d>',
      '<r a="2"></q></r><r a="4"/></d>',
      2,
      14,
    ],
    ["text behind the root", '<d><r a="1"/></d>\nx', "\nx", 1, 17],
    ["a second root", '<d><r a="1"/></d><e/>', "<e/>", 1, 17],
    ["an attribute twice", '<d><r a="1"/><r a="1" a="2"/></d>', '<r a="1" a="2"/></d>', 1, 13],
    ["a prefix without a namespace", '<d><r a="1"/><p:r a="2"/></d>', '<p:r a="2"/></d>', 1, 13],
  ])(
    "a document with a fault gives the rows before it, and what is behind it as one: %s",
    async (_, document, raw, line, offset) => {
      const table = await processOne({
        files: { "x.xml": document },
        source: { kind: "files", records: "/d/r" },
      });
      expect(table.bad).toMatchObject([
        { reason: "MALFORMED_XML", raw, line: String(line), byte_offset: String(offset) },
      ]);
      expect(table.rowsIn).toBe(table.rowsOut + 1);
      expect(table.data[0]).toMatchObject({ a: "1" });
    },
  );

  test("bytes that are not UTF-8, and entities of a DTD, cost their row", async () => {
    const document = Buffer.concat([
      Buffer.from("<d>\n<r>é1</r>\n<r>"),
      Buffer.from([0xff]),
      Buffer.from("</r>\n<r>&nbsp;</r>\n<r>4</r>\n</d>"),
    ]);
    const table = await processOne({ files: { "x.xml": document } });
    expect(table.data.map((row) => row._text)).toEqual(["é1", "4"]);
    expect(
      table.bad.map(({ line, byte_offset, reason, raw }) => [line, byte_offset, reason, raw]),
    ).toEqual([
      [
        "3",
        "15",
        "NOT_UTF8",
        Buffer.concat([Buffer.from("<r>"), Buffer.from([0xff]), Buffer.from("</r>")]).toString(
          "base64",
        ),
      ],
      ["4", "24", "UNKNOWN_ENTITY", "<r>&nbsp;</r>"],
    ]);
  });

  test("what does not fit a declared type is kept as it stands in the document", async () => {
    const table = await processOne({
      files: { "x.xml": '<d><r><n>1</n></r>\n<r k="v"><n>1.5</n></r></d>' },
      config: { columns: { n: "BIGINT" } },
    });
    expect(table.bad).toMatchObject([
      { line: "2", byte_offset: "19", reason: "BAD_CAST:n", raw: '<r k="v"><n>1.5</n></r>' },
    ]);
    expect(table.data).toMatchObject([{ n: "1" }]);
  });

  test("HTML, and a JSONPath for XML, are refused by name", async () => {
    await expect(processOne({ files: { "x.xml": "<!DOCTYPE html><p>x" } })).rejects.toThrow(
      /found HTML/,
    );
    const given = processOne({
      files: { "x.xml": books },
      source: { kind: "files", records: "$.book" },
    });
    await expect(given).rejects.toThrow(/a path of elements such as \/catalog\/book/);
  });
});

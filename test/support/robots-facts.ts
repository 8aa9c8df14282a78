// Reads test/corpus/robots/*.txt: what others' test suites know of robots.txt, as facts in a form of ours.
//
//     # Title of the case                      ; begins a comment line
//     encoding: utf-16le                         of the file, with its byte order mark; else UTF-8
//     | User-agent: *                            a line of robots.txt; \xHH is an octet, \r and \t are what they are
//     | Disallow: /a\                            without its LF
//     bot: +/b -/a                               what may (+) and must not (-) be fetched by that product token
//     (none): +/b                                the same by a crawler without one
//     bot delay: 10000                           its crawl-delay in ms, or none
//     sitemaps: https://site.example/s.xml       all of them, in order

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "./source-tree.ts";

export type RobotsFact = {
  title: string;
  body: Buffer;
  /** By product token, "" for none: paths with their sign. */
  verdicts: Map<string, string[]>;
  /** By product token. */
  delaysMs: Map<string, number | null>;
  sitemaps: string[] | null;
};

type Draft = RobotsFact & { lines: string[]; encoding: string };

/** The facts of one file of the corpus. Throws when a line is not understood. */
export function readRobotsFacts(name: string): RobotsFact[] {
  const facts: Draft[] = [];
  for (const line of readFileSync(join(checkout, "test/corpus/robots", name), "utf8").split("\n")) {
    if (line === "" || line.startsWith(";")) continue;
    if (line.startsWith("# ")) facts.push(emptyFact(line.slice(2)));
    else takeLine(facts.at(-1) as Draft, line);
  }
  for (const fact of facts) fact.body = encode(fact.lines, fact.encoding);
  return facts;
}

function emptyFact(title: string): Draft {
  const verdicts = new Map<string, string[]>();
  const delaysMs = new Map<string, number | null>();
  const body = Buffer.alloc(0);
  return { title, body, verdicts, delaysMs, sitemaps: null, lines: [], encoding: "utf-8" };
}

function takeLine(fact: Draft, line: string): void {
  if (line.startsWith("|")) {
    fact.lines.push(line.slice(2));
    return;
  }
  const colon = line.indexOf(":");
  const name = line.slice(0, colon);
  const words = line.slice(colon + 1).match(/\S+/g) ?? [];
  if (colon < 1) throw new Error(`corpus line "${line}" is not understood`);
  if (name === "sitemaps") fact.sitemaps = [...(fact.sitemaps ?? []), ...words];
  else if (name === "encoding") fact.encoding = words[0] ?? "";
  else if (name.endsWith(" delay"))
    fact.delaysMs.set(
      name.slice(0, -" delay".length),
      words[0] === "none" ? null : Number(words[0]),
    );
  else {
    const token = name === "(none)" ? "" : name;
    fact.verdicts.set(token, [...(fact.verdicts.get(token) ?? []), ...words]);
  }
}

function encode(lines: readonly string[], encoding: string): Buffer {
  const octets = lines
    .map((line) => (line.endsWith("\\") ? line.slice(0, -1) : `${line}\n`))
    .map((line) => Buffer.from(line, "utf8").toString("latin1"))
    .join("")
    .replace(/\\(?:x([0-9A-F]{2})|r|t)/g, (sequence, hex: string | undefined) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      return sequence === "\\r" ? "\r" : "\t";
    });
  if (encoding === "utf-8") return Buffer.from(octets, "latin1");
  const wide = Buffer.from(`\uFEFF${octets}`, "utf16le");
  return encoding === "utf-16be" ? wide.swap16() : wide;
}

// What this version reads and does not act on, and what is wise to add: said, never silently ignored.
import { isIP } from "node:net";
import { whyNotPublic } from "../fetch/address.ts";
import { listOf, valueAt } from "./value-at.ts";
import type { Path, YamlDocument } from "./yaml-document.ts";

/** One sentence each, `file:line:column: ...`, in the order of the file. */
export function warningsOf(document: YamlDocument, file: string): string[] {
  const warnings: { line: number; column: number; text: string }[] = [];
  const warn = (path: Path, text: string): void => {
    const place = document.place(path);
    if (place) warnings.push({ ...place.keyAt, text });
  };
  const { value } = document;
  warn(["retention"], "retention is not acted on in this version: nothing is removed or moved");
  warn(
    ["upload", "catalog"],
    "upload.catalog is not acted on in this version: no table is registered",
  );
  for (const [i, source] of listOf(valueAt(value, ["sources"])).entries()) {
    const name = String(valueAt(source, ["name"]));
    const label = document.place(["sources", i, "name"])?.shown ?? name;
    const isWeb = valueAt(source, ["kind"]) === "web";
    if (isWeb && isUnknownToSites(source)) {
      warn(
        ["sources", i, "name"],
        `source "${label}" has no contact: people who run its sites cannot ask who crawls them; add contact: https://HOST/PATH`,
      );
    }
    const extracts = listOf(valueAt(source, ["extract"]));
    if (isWeb && valueAt(source, ["pages"]) === undefined && extracts.length === 0) {
      warn(
        ["sources", i, "name"],
        `source "${label}" names neither pages nor extract: it writes raw files and no table`,
      );
    }
  }
  return warnings
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map(({ line, column, text }) => `${file}:${line}:${column}: ${text}`);
}

/** It crawls the internet, and its requests name nobody to turn to. */
function isUnknownToSites(source: unknown): boolean {
  const agent = String(valueAt(source, ["userAgent"]) ?? "");
  if (valueAt(source, ["contact"]) !== undefined || /https?:|@/.test(agent)) return false;
  return listOf(valueAt(source, ["seeds"])).some(
    (seed) => typeof seed === "string" && URL.canParse(seed) && isPublic(new URL(seed).hostname),
  );
}

function isPublic(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0) return whyNotPublic(host) === null;
  // RFC 6761 and RFC 2606: names that are nobody's.
  return host.includes(".") && !/\.(localhost|test|invalid|internal|local)\.?$/.test(host);
}

// What a source keeps of the bodies of its pages, compiled once for each source.
import { type ContentCheck, contentCheck } from "../content/content-rules.ts";
import { essenceOf } from "../content/media-type.ts";
import { effectiveType } from "../content/sniff-type.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import type { FrontierLink } from "../model/link.ts";
import type { Source, WebSource } from "../model/pipeline.ts";

export type KeepRules = { check: ContentCheck; maxBytes: number };

/**
 * What is kept of an answer. `contentType`: the header, or what the body is where that is missing or wrong. `skipped`: why
 * nothing of the body is kept; then `body` is empty. `truncated`: it is not the whole body.
 */
export type Kept = {
  contentType: string;
  body: Buffer;
  skipped: string | null;
  truncated: boolean;
};

const worthReadingBytes = 64 * 1024;
const rules = new WeakMap<WebSource, KeepRules>();

/** The rules for a link's answer; null: sitemaps and answers of APIs are kept whole. */
export function keepRulesFor(
  link: FrontierLink,
  source: Exclude<Source, { kind: "files" }>,
): KeepRules | null {
  if (source.kind !== "web" || link.kind !== "page") return null;
  let found = rules.get(source);
  if (found === undefined) {
    found = { check: contentCheck(source.content), maxBytes: source.content.maxBytes };
    rules.set(source, found);
  }
  return found;
}

/**
 * Whether the body of a page's answer is worth reading, by its head alone: not one of a type that is not kept, when it is long,
 * or does not say. A short one is read and dropped: that costs less than a new connection.
 */
export function wantsBodyOf(
  link: FrontierLink,
  source: Exclude<Source, { kind: "files" }>,
): (status: number, headers: Record<string, string>) => boolean {
  const keep = keepRulesFor(link, source);
  return (status, headers) => {
    const essence = essenceOf(headers["content-type"] ?? "");
    const isTold = essence !== "" && essence !== "application/octet-stream";
    if (keep === null || !isTold || status < 200 || status > 299) return true;
    const sizeBytes = Number(headers["content-length"] ?? Infinity);
    return sizeBytes <= worthReadingBytes || keep.check(essence) === null;
  };
}

/** Applies the rules. A page is read by what its body is, where its Content-Type is missing or wrong. */
export function keepOf({ headers, body, truncated }: Exchange, keep: KeepRules | null): Kept {
  const header = headers["content-type"] ?? "";
  if (keep === null) return { contentType: header, body, skipped: null, truncated };
  const contentType = effectiveType(header, body, headers["x-content-type-options"]);
  // A body that was not wanted ended at the head.
  const skipped = body.length > 0 || truncated ? keep.check(contentType) : null;
  if (skipped !== null)
    return { contentType, body: body.subarray(0, 0), skipped, truncated: false };
  return {
    contentType,
    body: body.subarray(0, keep.maxBytes),
    skipped,
    truncated: truncated || body.length > keep.maxBytes,
  };
}

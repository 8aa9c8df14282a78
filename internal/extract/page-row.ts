// One row of a web source's pages table from one raw record. No tree is built: any page of the web may come here.
import { pageLinks, scanHtml } from "../links/scan-html.ts";
import type { RawRecord } from "../model/raw-record.ts";
import { foldSpace } from "./fold-space.ts";
import { visibleText } from "./visible-text.ts";

/** `title`, `text`: null where there is none to be had. `links`: absolute. `size`: bytes of the body. */
export type PageRow = {
  url: string;
  final_url: string;
  status: number;
  content_type: string;
  title: string | null;
  text: string | null;
  links: string[];
  digest: string;
  depth: number;
  fetched_at: string;
  size: number;
};

const maxTextChars = 1024 * 1024;

/**
 * The row of an answer: title, visible text (white space folded, at most 1 Mi UTF-16 units) and links of an HTML page, the
 * text of other `text/*` bodies. `size` counts a text body as UTF-8. Never throws; linear in the body's length.
 */
export function pageRow(record: RawRecord): PageRow {
  return {
    url: record.url,
    final_url: record.final_url,
    status: record.status,
    content_type: record.content_type,
    ...content(record),
    digest: record.digest,
    depth: record.depth,
    fetched_at: record.fetched_at,
    size: bodyBytes(record),
  };
}

function content({
  body,
  content_type,
  final_url,
}: RawRecord): Pick<PageRow, "title" | "text" | "links"> {
  if (body === null) return { title: null, text: null, links: [] };
  if (/html/i.test(content_type)) {
    const scan = scanHtml(body);
    return {
      title: scan.title || null,
      text: visibleText(body, maxTextChars),
      links: pageLinks(scan, final_url),
    };
  }
  const isPlain = /^\s*text\//i.test(content_type);
  return {
    title: null,
    text: isPlain ? foldSpace(body.slice(0, maxTextChars)).toWellFormed() : null,
    links: [],
  };
}

function bodyBytes({ body, body_b64 }: RawRecord): number {
  if (body !== null) return Buffer.byteLength(body);
  return body_b64 === null ? 0 : Buffer.byteLength(body_b64, "base64");
}

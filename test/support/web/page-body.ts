// A page as the server gives it: its bytes, and the headers that say how to read them.
import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import type { BodyForm } from "./faults.ts";
import { decoys, writeLinks } from "./link-forms.ts";
import { randomOf } from "./random.ts";
import { spell } from "./spelling.ts";
import type { Address, Page } from "./world.ts";

export type Body = { headers: Record<string, string>; bytes: Buffer };

const words = "na\u00EFve \u65E5\u672C \u{1F600}";

/** The title of a page of HTML; the table must have it beside the page's URL. */
export function titleOf(page: Page): string {
  return `Page ${page.host}${page.path}`;
}

/** Body and headers of a page that is no redirect, the same each time. */
export function pageBody(page: Page, seed: number, port: number): Body {
  if (page.kind === "html") return htmlBody(page, seed, port);
  const link = '<a href="/decoy/not-html">x</a>';
  if (page.kind === "text")
    return { headers: { "content-type": "text/plain" }, bytes: Buffer.from(link) };
  if (page.kind === "json") {
    return {
      headers: { "content-type": "application/json" },
      bytes: Buffer.from(JSON.stringify({ link })),
    };
  }
  return {
    headers: { "content-type": "application/pdf" },
    bytes: Buffer.from(`%PDF-1.4\n\u0000${link}`),
  };
}

function htmlBody(page: Page, seed: number, port: number): Body {
  const write = forms[page.form] ?? ((html) => typed("text/html; charset=utf-8", utf8(html)));
  const { html, link } = htmlOf(page, seed, port);
  const body = write(html);
  if (link !== "") body.headers.link = link;
  if (page.says?.by === "header")
    body.headers["x-robots-tag"] = `otherbot: noindex, nofollow, onpoint: ${page.says.directives}`;
  return body;
}

type Html = (charset: string, text: string) => string;

/** The server's own time is what politeness is measured by: it has none for the best compression. */
const quickBrotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const utf8 = (html: Html) => Buffer.from(html("utf-8", words));
const typed = (type: string, bytes: Buffer): Body => ({ headers: { "content-type": type }, bytes });
const coded = (coding: string, pack: (bytes: Buffer) => Buffer) => (html: Html) => ({
  headers: { "content-type": "text/html; charset=utf-8", "content-encoding": coding },
  bytes: pack(utf8(html)),
});

/** Those that are another way to write the bytes; the others are ways to send them. */
const forms: Partial<Record<BodyForm, (html: Html) => Body>> = {
  gzip: coded("gzip", gzipSync),
  "gzip of gzip": coded("gzip, gzip", (bytes) => gzipSync(gzipSync(bytes))),
  br: coded("br", (bytes) => brotliCompressSync(bytes, quickBrotli)),
  zstd: coded("zstd", zstdCompressSync),
  deflate: coded("deflate", deflateSync),
  "raw deflate": coded("deflate", deflateRawSync),
  "utf-16 by mark": (html) =>
    typed("text/html", Buffer.from(`\uFEFF${html("utf-8", words)}`, "utf16le")),
  "windows-1251": (html) =>
    typed("text/html; charset=Windows-1251", Buffer.from(html("", "\u00EF\u00F0\u00E8"), "latin1")),
  "shift_jis by meta": (html) =>
    typed("text/html", Buffer.from(html("shift_jis", "\u0083\u0041"), "latin1")),
  "wrong charset": (html) =>
    typed("text/html; charset=utf-8", Buffer.from(html("", "caf\u00E9 \u00FF"), "latin1")),
  "unknown charset": (html) => typed("text/html; charset=klingon", Buffer.from(html("", "plain"))),
  "no type": (html) => ({ headers: {}, bytes: utf8(html) }),
  xhtml: (html) => typed("application/xhtml+xml; charset=utf-8", utf8(html)),
};

/** HTML in ASCII, but for the words of its first paragraph. */
function htmlOf(page: Page, seed: number, port: number): { html: Html; link: string } {
  const random = randomOf(seed, "html", page.host, page.path);
  const base = page.base === null ? "" : `<base href="${page.base}">\n`;
  const hrefs = [...new Set(page.links)].map((to: Address) => {
    const slash = to.indexOf("/");
    const way = {
      host: page.host,
      path: page.path,
      toHost: to.slice(0, slash),
      toPath: to.slice(slash),
      port,
    };
    return spell(way, page.base, random);
  });
  const links = writeLinks(hrefs, random);
  const wish = page.says?.by === "meta" ? wishOf(page.says.directives) : "";
  const html: Html = (charset, text) => `<!DOCTYPE html>
<html><head>${charset === "" ? "" : `<meta charset="${charset}">`}
<title>${titleOf(page)}</title>
${base}${wish}${links.head}</head><body>
<p>Text of the page: ${text}</p>
${decoys}${links.body}</body></html>
`;
  return { html, link: links.header };
}

function wishOf(directives: string): string {
  return `<meta name="OtherBot" content="none"><META NAME="Robots" CONTENT="max-snippet:5, ${directives.toUpperCase()}">\n`;
}

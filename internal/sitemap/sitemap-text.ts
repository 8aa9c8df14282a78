// A sitemap of one URL a line, streamed; other lines are left out, and a text without any URL is no sitemap.
import type { SitemapEntry, SitemapKind } from "./sitemap.ts";

/** A line may be cut by a piece's end; a longer one is no URL. */
const maxLineChars = 8_192;

export class SitemapText {
  kind: SitemapKind = "none";
  readonly error = null;
  readonly ended = false;
  readonly #take: (entry: SitemapEntry) => void;
  #held = "";

  constructor(take: (entry: SitemapEntry) => void) {
    this.#take = take;
  }

  write(piece: string): void {
    const lines = (this.#held + piece).split(/[\r\n]+/);
    this.#held = (lines.pop() ?? "").slice(0, maxLineChars);
    for (const line of lines) this.#line(line);
  }

  close(): void {
    this.#line(this.#held);
    this.#held = "";
  }

  #line(line: string): void {
    const loc = line.trim();
    if (loc.length >= maxLineChars || !/^https?:\/\/\S+$/i.test(loc)) return;
    this.kind = "text";
    this.#take({ is: "page", loc, lastmodMs: null });
  }
}

// An "&" of a query that nobody escaped is the commonest fault of sitemaps, and it is clear what was meant. This escapes it in
// XML that comes in pieces, outside of CDATA sections, in which it is none.

const loose = /&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[\da-f]{1,6});)/gi;
const begin = "<![CDATA[";
const end = "]]>";
/** The longest thing that must not be cut: a reference such as `&#1234567;`, or one of the above. */
const maxHeld = 10;

export class LooseAmpersands {
  #inCdata = false;
  #held = "";

  /** The next piece with its loose ampersands escaped; what may go on in the piece after it is held back. */
  escape(piece: string): string {
    const text = this.#held + piece;
    const cut = cutOf(text);
    this.#held = text.slice(cut);
    return this.#escapeWhole(text.slice(0, cut));
  }

  /** What was held back. */
  rest(): string {
    const text = this.#held;
    this.#held = "";
    return this.#escapeWhole(text);
  }

  #escapeWhole(text: string): string {
    if (!this.#inCdata && !text.includes("&") && !text.includes(begin)) return text;
    let escaped = "";
    for (let at = 0; at < text.length; ) {
      const mark = this.#inCdata ? end : begin;
      const found = text.indexOf(mark, at);
      const next = found < 0 ? text.length : found + mark.length;
      const part = text.slice(at, next);
      escaped += this.#inCdata ? part : part.replace(loose, "&amp;");
      if (found >= 0) this.#inCdata = !this.#inCdata;
      at = next;
    }
    return escaped;
  }
}

/** Where to cut a text so that nothing that matters here is cut in two. */
function cutOf(text: string): number {
  const from = Math.max(0, text.length - maxHeld);
  for (let at = from; at < text.length; at += 1) {
    const rest = text.slice(at);
    if (rest.startsWith("&") && !rest.includes(";")) return at;
    if (begin.startsWith(rest) || end.startsWith(rest)) return at;
  }
  return text.length;
}

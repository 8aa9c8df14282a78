// What a reader sees of a page, as one line of text for the pages table.
import { decodeText } from "../links/char-references.ts";
import { walkHtml } from "../links/walk-html.ts";

const hidden = new Set([
  "noscript",
  "template",
  "svg",
  "object",
  "audio",
  "video",
  "canvas",
  "datalist",
]);
const shownRawText = new Set(["", "#cdata", "textarea", "xmp", "plaintext"]);
/** Tags that may stand between letters of one word; any other tag parts words. */
export const inlineTags = new Set(
  (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr q ruby s samp small span strike " +
    "strong sub sup time tt u var wbr"
  ).split(" "),
);

/** What a reader gets of a page; `lang`: the language the page says it is in (of the first `<html lang>`), or null. */
export type PageText = { text: string; lang: string | null };

/**
 * The text of an HTML page without scripts, styles, title and fallback content, white space folded, at most `maxChars`
 * UTF-16 units. Linear in the length, whatever is nested.
 */
export function readPageText(html: string, maxChars: number): PageText {
  let lang: string | null = null;
  const parts: string[] = [];
  let chars = 0;
  let hiddenName = "";
  let hiddenDepth = 0;
  let spaceDue = false;
  const add = (text: string) => {
    for (const [run] of text.matchAll(/\s+|\S+/g)) {
      if (chars >= maxChars) return;
      if (/^\s/.test(run)) spaceDue = true;
      else {
        const word: string = spaceDue && chars > 0 ? ` ${run}` : run;
        spaceDue = false;
        parts.push(word);
        chars += word.length;
      }
    }
  };
  walkHtml(html, {
    open(name, attribute) {
      if (name === "html" && lang === null) lang = attribute("lang")?.trim() || null;
      if (!inlineTags.has(name)) spaceDue = true;
      if (hiddenDepth > 0 ? name === hiddenName : hidden.has(name)) {
        hiddenName = name;
        hiddenDepth += 1;
      }
    },
    close(name) {
      if (!inlineTags.has(name)) spaceDue = true;
      if (hiddenDepth > 0 && name === hiddenName) hiddenDepth -= 1;
    },
    text(start, end, within) {
      if (hiddenDepth > 0 || chars >= maxChars || !shownRawText.has(within)) return;
      const text = html.slice(start, end);
      add(within === "" || within === "textarea" ? decodeText(text) : text);
    },
  });
  const text = parts.join("").slice(0, maxChars).trimEnd();
  // Not half a surrogate pair at the cut.
  return { text: text.isWellFormed() ? text : text.slice(0, -1).toWellFormed(), lang };
}

// Where elements end whose content is text, not markup (WHATWG HTML 13.2.5.9 to .31).
import { isSpace } from "./read-tag.ts";

/** The elements, with scripting off. */
export const rawTextTags: ReadonlySet<string> = new Set([
  "script",
  "style",
  "textarea",
  "title",
  "xmp",
  "iframe",
  "noembed",
  "noframes",
  "plaintext",
]);

/** The offset of the end tag that ends the raw text of `name` which starts at `start`; -1 when there is none. */
export function rawTextEnd(html: string, name: string, start: number): number {
  // Nothing ends a plaintext.
  if (name === "plaintext") return -1;
  let at = html.indexOf("</", start);
  while (at >= 0 && !isTagAt(html, at + 2, name)) at = html.indexOf("</", at + 2);
  return at;
}

/** The same for a script: inside `<!-- ... -->` of it, `<script>` hides the next `</script>`. */
export function scriptEnd(html: string, start: number): number {
  let state: "plain" | "escaped" | "double" = "plain";
  const mark = /<|-->/g;
  mark.lastIndex = start;
  for (let found = mark.exec(html); found !== null; found = mark.exec(html)) {
    const at = found.index;
    if (found[0] !== "<") state = "plain";
    else if (html.startsWith("<!--", at)) {
      if (state === "plain") state = "escaped";
      // The two dashes may be those of the closing `-->`.
      mark.lastIndex = at + 2;
    } else if (html.charCodeAt(at + 1) === 0x2f) {
      if (!isTagAt(html, at + 2, "script")) continue;
      if (state !== "double") return at;
      state = "escaped";
    } else if (state === "escaped" && isTagAt(html, at + 1, "script")) state = "double";
  }
  return -1;
}

// Whether a tag of that name, in any case, starts at `at`.
function isTagAt(html: string, at: number, name: string): boolean {
  const end = at + name.length;
  const after = html.charCodeAt(end);
  if (after !== 0x3e && after !== 0x2f && !isSpace(after)) return false;
  for (let index = 0; index < name.length; index += 1) {
    if ((html.charCodeAt(at + index) | 0x20) !== name.charCodeAt(index)) return false;
  }
  return true;
}

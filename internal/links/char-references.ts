// Character references of HTML, all 2,231 named ones. Text and attributes differ: `&copy=1` in a URL is no copyright sign.
import { decodeHTML, decodeHTMLAttribute } from "entities/decode";

/** Text with its character references decoded, as between tags (WHATWG HTML 13.2.5.72). */
export function decodeText(text: string): string {
  return text.includes("&") ? decodeHTML(text) : text;
}

/** An attribute's value with its character references decoded. */
export function decodeAttribute(value: string): string {
  return value.includes("&") ? decodeHTMLAttribute(value) : value;
}

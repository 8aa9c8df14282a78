// URLs in headers (Location, Link). They should be ASCII; many servers send their paths as they have them on disk.
import { isUtf8 } from "node:buffer";
import { percentOf } from "./percent.ts";

/**
 * The URL, or text with URLs, in a header's value whose characters are the bytes that came: these are UTF-8 where they can be,
 * as browsers have it, and else are sent back as they came, as `%xx`.
 */
export function headerUrl(value: string): string {
  if (/^[\0-\x7f]*$/.test(value)) return value;
  const bytes = Buffer.from(value, "latin1");
  if (isUtf8(bytes)) return bytes.toString("utf8");
  return value.replace(/[\x80-\xff]/g, (byte) => percentOf(byte.charCodeAt(0)));
}

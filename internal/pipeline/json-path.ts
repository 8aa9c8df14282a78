// JSONPaths are checked where they are written, not when the first answer has come.
import { compilePath } from "../extract/json-records.ts";
import { parseRowPath } from "../xml/row-path.ts";
import type { Check } from "./value-checks.ts";

/** Complains of a text that is no JSONPath query (RFC 9535). */
export const checkJsonPath: Check = (text) => {
  try {
    compilePath(text);
    return null;
  } catch (error) {
    // The reason quotes the path, in which a variable may stand.
    const reason = (error instanceof Error ? error.message : String(error))
      .replace(`JSONPath "${text}": `, "")
      .replace(/ \('.*':\d+\)/s, "");
    const fix = "Write a path such as $.data[*] or $.meta.next";
    return { what: `is not a JSONPath (RFC 9535): ${reason}`, fix };
  }
};

/** Complains of a text that is neither a JSONPath nor a path of XML elements. */
export const checkRecordsPath: Check = (text) => {
  if (!text.startsWith("/")) return checkJsonPath(text);
  if (parseRowPath(text) !== null) return null;
  const fix = "Write /catalog/book, //book, /feed/* or a JSONPath such as $.data[*]";
  return { what: "is not a path of XML elements", fix };
};

// A whole XML document, in memory, as the JSON texts of its rows.
import { guessRowPath } from "./guess-row-path.ts";
import { parseRowPath } from "./row-path.ts";
import { newXmlLayout, type XmlLayout } from "./xml-layout.ts";
import { type XmlRow, XmlRows } from "./xml-rows.ts";

/** How rows are found: by a path such as `/catalog/book`, or as `guessRowPath` does; `namespaces`: prefixes by URI. */
export type XmlOptions = { path: string | null; namespaces?: Readonly<Record<string, string>> };

/**
 * Rows of a document: `value` is an object of texts, lists and objects, as the document's own rows together show that it must
 * be, or as `layout` says that was learnt from others too. Throws XmlFault for a document that is not well-formed, and an Error
 * for a path that is none.
 */
export function xmlRecords(
  document: string,
  { path, namespaces = {} }: XmlOptions,
  layout: XmlLayout = newXmlLayout(),
): XmlRow[] {
  const rowPath = path === null ? guessRowPath(document) : parseRowPath(path);
  if (rowPath === null && path !== null) throw new Error(`"${path}" is not a path of elements`);
  let rows: XmlRow[] = [];
  // Once to learn what repeats, once to make every row of one form.
  for (const isLast of [false, true]) {
    rows = [];
    const onRow = (row: XmlRow) => {
      if (isLast) rows.push(row);
    };
    const reader = new XmlRows({
      path: rowPath ?? { isDeep: false, names: ["*"] },
      layout,
      namespaces,
      onRow,
    });
    reader.write(document);
    reader.end();
  }
  return rows;
}

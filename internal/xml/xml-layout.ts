// What the rows of XML documents look like: XML does not say whether one child is a list of one, so it is learnt from all
// rows before the first one is written.

/** A place in a row. `isList`: it was there twice in one parent. `isNested`: it had attributes or children. */
export type XmlLayout = { isList: boolean; isNested: boolean; fields: Map<string, XmlLayout> };

export const newXmlLayout = (): XmlLayout => ({
  isList: false,
  isNested: false,
  fields: new Map(),
});

/** The layout of a child. */
export function fieldOf(layout: XmlLayout, name: string): XmlLayout {
  let field = layout.fields.get(name);
  if (field === undefined) {
    field = newXmlLayout();
    layout.fields.set(name, field);
  }
  return field;
}

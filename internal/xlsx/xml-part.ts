// The parts of a workbook are XML members of a ZIP archive, read as they stream by.
import { SaxesParser } from "saxes";
import { type ZipEntry, zipMember } from "../archive/zip.ts";

/** What is told of a part; names are without prefixes. */
export type PartEvents = {
  open?: (name: string, attributes: Readonly<Record<string, string>>) => void;
  text?: (text: string) => void;
  close?: (name: string) => void;
  /** Awaited between pieces. */
  drained?: () => Promise<void>;
};

/** Reads a part. Throws Error when it is damaged or no XML. */
export async function readPart(path: string, entry: ZipEntry, events: PartEvents): Promise<void> {
  const parser = new SaxesParser();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const local = (name: string) => name.slice(name.indexOf(":") + 1);
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", (tag) => events.open?.(local(tag.name), tag.attributes));
  parser.on("text", (text) => events.text?.(text));
  parser.on("cdata", (text) => events.text?.(text));
  parser.on("closetag", (tag) => events.close?.(local(tag.name)));
  for await (const chunk of zipMember(path, entry)) {
    parser.write(decoder.decode(chunk, { stream: true }));
    await events.drained?.();
  }
  parser.write(decoder.decode());
  parser.close();
}

// JSON documents whose records are named by a JSONPath: the document is held in memory as a whole.
import { parseJsonExact } from "../extract/json-exact.ts";
import { compilePath, recordsOf } from "../extract/json-records.ts";
import { describeError, Permanent } from "../std/errors.ts";
import { bytesOf, type LocalFile } from "./byte-source.ts";
import { reasonOf, withLineEnd } from "./read-lines.ts";
import type { RecordReader } from "./record.ts";
import type { JsonScanner } from "./scan-json.ts";

/** Largest such document; beyond it NDJSON, or an array of records, which are streamed, must be used. */
const maxDocumentBytes = 256 * 1024 * 1024;

/**
 * Reads what `path` selects from a JSON document; a record's line is its number, 1-based. Throws Permanent when the file is
 * not JSON, is too large, or the path selects nothing in it.
 */
export function pathReader(file: LocalFile, path: string, scanner: JsonScanner): RecordReader {
  const query = compilePath(path);
  return async (visitor, signal) => {
    const document = await parseFile(file, signal);
    const records = recordsOf(document, query);
    if (records.length === 0 && query.query(document as never).values().length === 0) {
      throw new Permanent(`read "${file.name}": nothing is at the records path ${path}`);
    }
    for (const [i, record] of records.entries()) {
      const raw = Buffer.from(JSON.stringify(record));
      const reason = reasonOf(raw, scanner);
      visitor.seen({
        file: file.name,
        line: i + 1,
        offset: 0,
        raw,
        reason,
        clean: () => withLineEnd(scanner.exact(raw)),
      });
      if (i % 1000 === 999) await visitor.drained();
    }
    await visitor.drained();
    return { blank: 0, direct: false };
  };
}

async function parseFile(file: LocalFile, signal: AbortSignal): Promise<unknown> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of bytesOf(file)) {
    signal.throwIfAborted();
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > maxDocumentBytes) {
      throw new Permanent(
        `read "${file.name}": a JSON document of more than 256 MiB; use NDJSON for so much`,
      );
    }
  }
  try {
    return parseJsonExact(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)));
  } catch (error) {
    throw new Permanent(`read "${file.name}": not a JSON document: ${describeError(error)}`, {
      cause: error,
    });
  }
}

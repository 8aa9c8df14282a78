// Avro files: each record is one row, as JSON that keeps every value exactly; its line is its number.
import type { AvroDecoder } from "../avro/avro-decode.ts";
import { type AvroHead, readAvroBlocks } from "../avro/avro-file.ts";
import { type AvroType, avroColumnType } from "../avro/avro-schema.ts";
import { describeError, Permanent } from "../std/errors.ts";
import { bytesOf, type LocalFile } from "./byte-source.ts";
import { distinctNames } from "./column-names.ts";
import { parseType, printType } from "./duckdb-type.ts";
import { withLineEnd } from "./read-lines.ts";
import { maxRecordBytes, type RecordReader } from "./record.ts";
import type { InputColumn } from "./stage-input.ts";

/** Throws Permanent when the file is cut or corrupt: no more of it is taken. */
export function avroReader(file: LocalFile, head: AvroHead): RecordReader {
  return async (visitor, signal) => {
    let line = 0;
    try {
      for await (const { decoder, count, offset } of readAvroBlocks(bytesOf(file), head)) {
        signal.throwIfAborted();
        for (let i = 0; i < count; i++) {
          const raw = recordOf(decoder, head.schema);
          const reason = raw.length > maxRecordBytes ? "TOO_LONG" : null;
          const clean = () => withLineEnd(raw);
          visitor.seen({ file: file.name, line: ++line, offset, raw, reason, clean });
        }
        await visitor.drained();
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Permanent || (error instanceof Error && "syscall" in error)) throw error;
      throw new Permanent(`read "${file.name}": ${describeError(error)}`, { cause: error });
    }
    return { blank: 0, direct: false };
  };
}

/** A schema that is no record has one column, `value`. */
function recordOf(decoder: AvroDecoder, schema: AvroType): Buffer {
  const json = decoder.json(schema);
  return Buffer.from(schema.kind === "record" ? json : `{"value":${json}}`);
}

/** Columns by the schema of the file. `isAwkward`: names that differ only in case. */
export function avroColumns({ schema }: AvroHead): { columns: InputColumn[]; isAwkward: boolean } {
  const fields = schema.kind === "record" ? schema.fields : [{ name: "value", type: schema }];
  const names = distinctNames(fields.map(({ name }) => name));
  const columns = fields.map(({ name, type }, i) => {
    const duckType = printType(parseType(avroColumnType(type, [schema])));
    return { name: names[i] ?? name, type: duckType, source: name, hasLong: duckType === "BIGINT" };
  });
  return { columns, isAwkward: names.some((name, i) => name !== fields[i]?.name) };
}

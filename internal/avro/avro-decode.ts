// Avro's binary encoding to JSON text, exactly: 64-bit integers digit by digit, decimals and times as text.
import type { AvroType, Logical } from "./avro-schema.ts";

/** Values of one block, read from its start. */
export class AvroDecoder {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#at;
  }

  /** The next value as JSON; bytes are base64, NaN and the infinities text. Throws Error when the bytes are no such value. */
  json(type: AvroType): string {
    switch (type.kind) {
      case "null":
        return "null";
      case "boolean":
        return this.take(1)[0] === 0 ? "false" : "true";
      case "int":
      case "long":
        return integerText(this.long(), type.logical);
      case "float":
        return numberText(this.take(4).readFloatLE(0));
      case "double":
        return numberText(this.take(8).readDoubleLE(0));
      case "bytes":
        return bytesText(this.take(this.length()), type.logical);
      case "fixed":
        return bytesText(this.take(type.size), type.logical);
      case "string":
        return JSON.stringify(this.text());
      case "enum":
        return JSON.stringify(branchOf(type.symbols, this.long()));
      case "array":
        return `[${this.#items(() => this.json(type.items)).join(",")}]`;
      case "map":
        return `{${this.#items(() => `${JSON.stringify(this.text())}:${this.json(type.items)}`).join(",")}}`;
      case "union":
        return this.json(branchOf(type.branches, this.long()));
      case "record":
        return `{${type.fields.map((field) => `${JSON.stringify(field.name)}:${this.json(field.type)}`).join(",")}}`;
    }
  }

  text(): string {
    const bytes = this.take(this.length());
    return utf8.decode(bytes);
  }

  /** A length or count that fits what is left. */
  length(): number {
    const length = Number(this.long());
    if (length < 0 || length > this.#bytes.length) throw corrupt();
    return length;
  }

  take(length: number): Buffer {
    if (this.#at + length > this.#bytes.length) throw corrupt();
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** Zigzag in groups of 7 bits, lowest first. */
  long(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.take(1)[0] as number;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    throw corrupt();
  }

  /** Items of an array or map, in blocks; a negative count is followed by the block's size. */
  #items(next: () => string): string[] {
    const items: string[] = [];
    for (let count = this.long(); count !== 0n; count = this.long()) {
      if (count < 0n) this.long();
      const many = Number(count < 0n ? -count : count);
      // An item may have no bytes: without this a count alone could fill the memory.
      if (many > maxItems - items.length) throw corrupt();
      for (let i = 0; i < many; i++) items.push(next());
    }
    return items;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const maxItems = 1_000_000;
const corrupt = () => new Error("the Avro data is corrupt");

function branchOf<T>(branches: readonly T[], index: bigint): T {
  const branch = branches[Number(index)];
  if (branch === undefined) throw corrupt();
  return branch;
}

const numberText = (value: number) => {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? "-0.0" : String(value);
};

function integerText(value: bigint, logical: Logical | null): string {
  if (logical === null) return String(value);
  switch (logical.kind) {
    case "date":
      return `"${instantText(value * 86_400_000n, 3).slice(0, -13)}"`;
    case "time":
      return `"${instantText(value, logical.digits).slice(-(9 + logical.digits))}"`;
    case "timestamp":
      return `"${instantText(value, logical.digits)}Z"`;
    case "local-timestamp":
      return `"${instantText(value, logical.digits)}"`;
    case "decimal":
    case "uuid":
      return String(value);
  }
}

/** ISO 8601 of milli- or microseconds since 1970. Throws Error for years that have not four digits. */
function instantText(value: bigint, digits: 3 | 6): string {
  const perSecond = digits === 3 ? 1_000n : 1_000_000n;
  const seconds = value / perSecond - (value % perSecond < 0n ? 1n : 0n);
  const fraction = value - seconds * perSecond;
  const date = new Date(Number(seconds) * 1000);
  const iso = Number.isNaN(date.getTime()) ? "" : date.toISOString();
  if (!/^\d{4}-/.test(iso)) throw new Error("an Avro time beyond the year 9999");
  return `${iso.slice(0, 19)}.${String(fraction).padStart(digits, "0")}`;
}

function bytesText(bytes: Buffer, logical: Logical | null): string {
  if (logical?.kind !== "decimal") return `"${bytes.toString("base64")}"`;
  const hex = bytes.toString("hex");
  const unscaled = BigInt.asIntN(
    Math.max(8, bytes.length * 8),
    hex === "" ? 0n : BigInt(`0x${hex}`),
  );
  const sign = unscaled < 0n ? "-" : "";
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(logical.scale + 1, "0");
  if (logical.scale === 0) return `"${sign}${digits}"`;
  return `"${sign}${digits.slice(0, -logical.scale)}.${digits.slice(-logical.scale)}"`;
}

// Bytes of UTF-8 as text for a parser that counts characters, and the way back from its characters to the bytes.
import { isUtf8 } from "node:buffer";

/** Bytes that were one text, and where both begin. Bytes that are not UTF-8 are one piece, shown to the parser as U+FFFD. */
type Piece = { char: number; offset: number; text: string; bytes: Buffer };

/** The part of a file that may be asked for: from {@link TextWindow.passTo} to what was added last. Questions go forward. */
export class TextWindow {
  #pieces: Piece[] = [];
  /** Everything before it is gone. */
  #at = { char: 0, offset: 0 };
  #chars = 0;
  #bytes = 0;
  /** The start of a character whose rest is still to come. */
  #tail: Buffer = Buffer.alloc(0);

  /** The texts of the next bytes. */
  add(chunk: Buffer): string[] {
    const bytes = this.#tail.length > 0 ? Buffer.concat([this.#tail, chunk]) : chunk;
    const cut = bytes.length - openBytes(bytes);
    this.#tail = Buffer.from(bytes.subarray(cut));
    return this.#texts(bytes.subarray(0, cut));
  }

  /** The texts of what is left when the bytes have ended. */
  end(): string[] {
    const tail = this.#tail;
    this.#tail = Buffer.alloc(0);
    return this.#texts(tail);
  }

  /** Gives up what is before a character. */
  passTo(char: number) {
    this.#at = { char, offset: this.#offsetOf(char) };
    const first = this.#pieces.findIndex((piece) => piece.char + piece.text.length > char);
    this.#pieces = first < 0 ? [] : this.#pieces.slice(first);
  }

  /** The bytes of some characters, and where they start. */
  slice(start: number, end: number): { offset: number; bytes: Buffer } {
    this.passTo(start);
    const { offset } = this.#at;
    const behind = this.#offsetOf(end);
    const parts = this.#pieces.map((piece) =>
      piece.bytes.subarray(
        Math.max(0, offset - piece.offset),
        Math.max(0, Math.min(piece.bytes.length, behind - piece.offset)),
      ),
    );
    const bytes = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    this.passTo(end);
    return { offset, bytes };
  }

  /** The bytes from a character to the last one. */
  restFrom(char: number): { offset: number; bytes: Buffer } {
    const { offset, bytes } = this.slice(char, this.#chars);
    return { offset, bytes: Buffer.concat([bytes, this.#tail]) };
  }

  #texts(bytes: Buffer): string[] {
    if (bytes.length === 0) return [];
    if (isUtf8(bytes)) return [this.#push(bytes.toString("utf8"), bytes)];
    const texts: string[] = [];
    for (let from = 0; from < bytes.length; ) {
      const bad = badByteAt(bytes, from);
      if (bad > from) {
        const part = bytes.subarray(from, bad);
        texts.push(this.#push(part.toString("utf8"), part));
      }
      from = bad;
      while (from < bytes.length && characterBytes(bytes, from) === 0) from++;
      if (from > bad) texts.push(this.#push("\ufffd", bytes.subarray(bad, from)));
    }
    return texts;
  }

  #push(text: string, bytes: Buffer): string {
    this.#pieces.push({ char: this.#chars, offset: this.#bytes, text, bytes });
    this.#chars += text.length;
    this.#bytes += bytes.length;
    return text;
  }

  #offsetOf(char: number): number {
    let { char: at, offset } = this.#at;
    for (const piece of this.#pieces) {
      const end = piece.char + piece.text.length;
      if (end <= at) continue;
      if (char >= end) {
        at = end;
        offset = piece.offset + piece.bytes.length;
        continue;
      }
      if (piece.text.length === piece.bytes.length) return piece.offset + char - piece.char;
      const from = Math.max(at, piece.char);
      const text = piece.text.slice(from - piece.char, char - piece.char);
      return (from === at ? offset : piece.offset) + Buffer.byteLength(text);
    }
    return offset;
  }
}

/** Bytes at the end that may be the start of a character (RFC 3629 section 4). */
function openBytes(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

/** Where the first byte that is not part of a character stands, at or behind `from` (RFC 3629 section 4). */
function badByteAt(bytes: Buffer, from: number): number {
  let i = from;
  while (i < bytes.length) {
    const length = characterBytes(bytes, i);
    if (length === 0) return i;
    i += length;
  }
  return i;
}

/** Bytes of the character at `i`; 0 if there is none. */
function characterBytes(bytes: Buffer, i: number): number {
  const first = bytes[i] as number;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || i + length > bytes.length) return 0;
  return isUtf8(bytes.subarray(i, i + length)) ? length : 0;
}

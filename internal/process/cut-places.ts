// Where a large text file can be cut into parts: at starts of records, so that the parts give the same rows, and the same bad
// records with the same lines and offsets, as the whole.
//
// Lines without a quote are passed over at the speed of memchr; only records of CSV with quotes are cut one by one, by the
// rule of their reader (take-csv.ts). A record with a stray quote ends on its first line because of bytes far behind it:
// there is no cut between the two, since a part that ends there would judge it otherwise.
import { cutRecords, isTooLong, type Place, type Take, wholeFile } from "./byte-source.ts";
import { lineCount } from "./line-count.ts";
import { hasByteOrderMark, isBlank } from "./read-lines.ts";
import { newCsvRecord } from "./scan-csv.ts";
import { takeCsvRecord } from "./take-csv.ts";

/** How records of CSV end; `width`: fields of each. */
export type QuotedRecords = { delimiter: string; header: boolean; width: number };

/** `quoted`: null where a record is a line. `place`: of the first byte in its file. */
export type CutOptions = { quoted: QuotedRecords | null; partBytes: number; place?: Place };

const lf = 0x0a;
const quote = 0x22;

/**
 * The starts of parts of about `partBytes` of a text: the first is the text's own, each other one the first start of a record
 * at or behind a multiple of `partBytes`. Lines end at LF alone.
 */
export async function cutPlaces(
  source: AsyncIterable<Buffer>,
  options: CutOptions,
  signal: AbortSignal,
): Promise<Place[]> {
  const cutter = new PlaceCutter(options);
  await cutRecords(source, cutter.take, async () => {}, signal);
  return cutter.places;
}

class PlaceCutter {
  readonly places: Place[];
  readonly #first: Place;
  readonly #quoted: QuotedRecords | null;
  readonly #partBytes: number;
  readonly #record = newCsvRecord();
  #inHeader: boolean;
  /** Of the line at which the next record starts. */
  #line: number;
  /** The next cut is here, or as soon behind it as may be. */
  #wanted: number;
  /** Up to here bytes have had a say in records before. */
  #reach = 0;
  #chunk: Buffer | null = null;
  #lastLf = -1;
  #nextQuote = -1;

  constructor({ quoted, partBytes, place = wholeFile }: CutOptions) {
    this.places = [place];
    this.#first = place;
    this.#line = place.line;
    this.#quoted = quoted;
    this.#partBytes = partBytes;
    this.#wanted = place.offset + partBytes;
    this.#inHeader = quoted?.header ?? false;
  }

  readonly take: Take = (bytes, start, at, last) => {
    const shift = this.#first.offset + at - start;
    if (!this.#inHeader) {
      const end = this.#plainEnd(bytes, start);
      if (end > start) {
        this.#passLines(bytes, start, end, shift);
        return end;
      }
    }
    return this.#quoted === null
      ? this.#takeLine(bytes, start, last)
      : this.#takeRecord(this.#quoted, bytes, start, shift, last);
  };

  /** End of the whole lines from `start` on that have no quote, or may have any. */
  #plainEnd(bytes: Buffer, start: number): number {
    if (bytes !== this.#chunk) {
      this.#chunk = bytes;
      this.#lastLf = bytes.lastIndexOf(lf);
      this.#nextQuote = start - 1;
    }
    if (this.#quoted === null) return this.#lastLf + 1;
    if (this.#nextQuote < start) {
      const found = bytes.indexOf(quote, start);
      this.#nextQuote = found < 0 ? bytes.length : found;
    }
    if (this.#nextQuote > this.#lastLf) return this.#lastLf + 1;
    return bytes.lastIndexOf(lf, this.#nextQuote) + 1;
  }

  #passLines(bytes: Buffer, start: number, end: number, shift: number) {
    let at = start;
    for (;;) {
      const least = Math.max(this.#wanted, this.#reach) - shift;
      // The line end before the first start of a line that is not too early.
      const found = least > end ? -1 : bytes.indexOf(lf, Math.max(at, least - 1));
      if (found < 0 || found >= end) break;
      this.#line += lineCount(bytes, at, found + 1);
      at = found + 1;
      this.#mayCut(shift + at);
    }
    this.#line += lineCount(bytes, at, end);
  }

  /** A line that does not end in `bytes`. */
  #takeLine(bytes: Buffer, start: number, last: boolean): number {
    if (last) return bytes.length;
    if (!isTooLong(bytes, start)) return -1;
    this.#line++;
    return -2;
  }

  #takeRecord(
    { delimiter, width }: QuotedRecords,
    bytes: Buffer,
    start: number,
    shift: number,
    last: boolean,
  ): number {
    const record = this.#record;
    const mark = shift + start === 0 && hasByteOrderMark(bytes, start) ? 3 : 0;
    const bounds = {
      delimiter: delimiter.charCodeAt(0),
      width: this.#inHeader ? null : width,
    };
    const taken = takeCsvRecord(bytes, start + mark, last, bounds, record);
    if (taken === "more") return -1;
    this.#reach = Math.max(this.#reach, shift + record.reach);
    if (taken === "too-long") {
      this.#line++;
      return -2;
    }
    const isEmpty =
      width > 1 ? isBlank(bytes, start + mark, record.end) : record.end === start + mark;
    if (!isEmpty) this.#inHeader = false;
    this.#line += lineCount(bytes, start, record.next);
    this.#mayCut(shift + record.next);
    return record.next;
  }

  /** Cuts before the record at `offset`, on line `#line`, if that is far enough. */
  #mayCut(offset: number) {
    if (this.#inHeader || offset < this.#wanted || offset < this.#reach) return;
    this.places.push({ offset, line: this.#line });
    const parts = Math.floor((offset - this.#first.offset) / this.#partBytes) + 1;
    this.#wanted = this.#first.offset + parts * this.#partBytes;
  }
}

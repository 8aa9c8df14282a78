// What a segment archives of one source, in memory until the segment is saved: one WARC file.
import { type Archived, exchangeRecords, newRecordId, type Original } from "./exchange-records.ts";
import { type WarcRecord, warcBytes, warcDigest, warcFields } from "./warc-record.ts";

/** Payloads an owner remembers beyond its open segment: some hundred bytes each, and a pod may own all shards. */
const maxRecent = 4_096;

/** Payloads archived lately by one owner, by digest; the oldest is forgotten first. */
export class RecentPayloads {
  readonly #byDigest = new Map<string, Original>();

  get(digest: string): Original | null {
    return this.#byDigest.get(digest) ?? null;
  }

  add(digest: string, original: Original): void {
    this.#byDigest.set(digest, original);
    const oldest = this.#byDigest.keys().next();
    if (this.#byDigest.size > maxRecent && !oldest.done) this.#byDigest.delete(oldest.value);
  }
}

/** What an archive's first record says of it. `date`: ISO 8601, UTC. */
export type ArchiveInfo = {
  filename: string;
  date: string;
  run: string;
  source: string;
  robots: "obey" | "ignore";
};

export class SegmentArchive {
  readonly #entries: { archived: Archived; recordId: string }[] = [];
  readonly #recent: RecentPayloads;
  readonly #robots: ArchiveInfo["robots"];
  readonly #date: string;

  /** `recent`: shared by the segments of an owner, each of which is committed before the next: what it names is there. */
  constructor(recent: RecentPayloads, robots: ArchiveInfo["robots"], date: string) {
    this.#recent = recent;
    this.#robots = robots;
    this.#date = date;
  }

  /** Exchanges in it. */
  get count(): number {
    return this.#entries.length;
  }

  /**
   * Adds an exchange; gives the bytes it holds. `unmodified`: with status 304, the answer that still holds. A payload that
   * was archived before is written as a revisit of it.
   */
  add(
    exchange: Omit<Archived, "payloadDigest" | "original">,
    unmodified: Original | null = null,
  ): number {
    const { url, date, body } = exchange;
    const recordId = newRecordId();
    const payloadDigest = warcDigest(body);
    const original = body.length > 0 ? this.#recent.get(payloadDigest) : unmodified;
    if (original === null && body.length > 0)
      this.#recent.add(payloadDigest, { url, date, recordId });
    this.#entries.push({ archived: { ...exchange, payloadDigest, original }, recordId });
    return original === null ? body.length : 0;
  }

  /** The whole file. */
  async bytes(place: Pick<ArchiveInfo, "filename" | "run" | "source">): Promise<Buffer> {
    return warcBytes(this.#records({ ...place, date: this.#date, robots: this.#robots }));
  }

  *#records(info: ArchiveInfo): Generator<WarcRecord> {
    const warcinfoId = newRecordId();
    yield infoRecord(info, warcinfoId);
    for (const { archived, recordId } of this.#entries)
      yield* exchangeRecords(archived, recordId, warcinfoId);
  }
}

function infoRecord({ filename, date, run, source, robots }: ArchiveInfo, id: string): WarcRecord {
  return {
    fields: [
      ["WARC-Type", "warcinfo"],
      ["WARC-Record-ID", id],
      ["WARC-Date", date],
      ["WARC-Filename", filename],
      ["Content-Type", "application/warc-fields"],
    ],
    block: warcFields([
      ["software", "onpoint"],
      ["format", "WARC File Format 1.1"],
      [
        "conformsTo",
        "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
      ],
      ["isPartOf", `${run}/${source}`],
      ["robots", robots === "obey" ? "classic" : "ignore"],
    ]),
  };
}

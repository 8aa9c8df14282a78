// A dropped file as a task has it on its disk.
import type { Place } from "./byte-source.ts";

/**
 * What of a file is meant. `lines`: `local` has only the part of a text from `place` on; `head` is the start of the whole. `zip`:
 * of the archive `local`, members whose local headers are at `from` or behind, and before `to`.
 */
export type FilePiece =
  | { of: "lines"; head: Buffer; place: Place }
  | { of: "zip"; from: number; to: number };

/** A local file, and the name people know it by. */
export type DroppedFile = { local: string; name: string; part?: FilePiece };

// How a large file is cut into the parts of a multipart upload.

const mib = 1024 * 1024;

/** Files above this many bytes go up in parts. */
export const multipartAboveBytes = 64 * mib;

/** One part: `number` from 1, `sizeBytes` from byte `start` of the file. */
export type Part = { number: number; start: number; sizeBytes: number };

/**
 * Parts of max(8 MiB, size / 9000): above the least part size of 5 MiB and below the most parts of 10,000 (Amazon S3 user
 * guide, "Multipart upload limits"). Only the last one may be smaller.
 */
export function partsOf(sizeBytes: number): Part[] {
  const partBytes = Math.max(8 * mib, Math.ceil(sizeBytes / 9_000));
  const parts: Part[] = [];
  for (let start = 0; start < sizeBytes; start += partBytes) {
    parts.push({
      number: parts.length + 1,
      start,
      sizeBytes: Math.min(partBytes, sizeBytes - start),
    });
  }
  return parts;
}

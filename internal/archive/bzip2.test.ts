// What bzip2 1.0.8 wrote, read back; and what it never wrote, refused.
import fc from "fast-check";
import { expect, test } from "vitest";
import { bunzip2 } from "./bzip2.ts";

const samples: [string, Buffer, Buffer][] = [
  ["nothing", Buffer.alloc(0), packed("QlpoORdyRThQkAAAAAA=")],
  [
    "a line",
    Buffer.from("a,b\n1,x\n"),
    packed("QlpoOTFBWSZTWdR78W4AAALZgAAQAAQgADAAAEAgACGmmaDAKBULC7kinChIaj34twA="),
  ],
  [
    "runs of all lengths up to those that one count cannot hold",
    Buffer.concat(Array.from({ length: 262 }, (_, n) => Buffer.from(`${"a".repeat(n)}b`))),
    packed(
      "QlpoOTFBWSZTWfnyDfgAAsT////////////////////////////////////////////4MAD5aZAAAAAAAAAAGgAAAAAAAAANAAAAAAAAAAAAAAAAAAAAAAIAAAAAAAAAAAAAAAAMgAAAAAAAAAAAAAAAAAAAAAAAAAISVMjTTRpkwEYRkwEwAQ0xMjEyYTTTBMAQwI00yDJowgMTTBMACYAAmQyaYBGAAJpgIDTINGgZpo5AAAIALmXIQhCCIiIFEEAABAhRBEAAQIUUACACBRCiCAAAhsDAx2OyMtmZ7Q02u2NdubG+4ODk6Ozw9Ptzuj9AQULd7xDRN6ioyOXF5gYmRmaGpsbnBydHZ4enx+AQEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXmBhYmNkZQAFmAAWdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn+AgYKDhIWGh4iJiouMjY6PkJGSk5SVlpeYmZqbnJ2en6ChoqOkpaanqKmqq6ytrq+wsbKztLW2t7i5uru8vb6/wMHCw8TFxsfIycrLzM3Oz9DR0tPU1dbX2Nna29zd3t/g4eLj5OXm5+jp6uvs7e7v8PH8/rT/f8/v+/+pqltaSLFig1i5QSxC5BEREA1xdyRThQkPnyDfgA=",
    ),
  ],
  [
    "all bytes, in several blocks",
    Buffer.concat(
      Array.from({ length: 1_000 }, () => Buffer.from(Array.from({ length: 256 }, (__, i) => i))),
    ),
    packed(
      "QlpoMTFBWSZTWeSVCPMAAMN/////////////////////////////////////////////0AX96pVVSqqkAAACTAATAAEwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAASYACYAAmAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACTAATAAEwAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE1VVQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABSqqgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/6KpxmAiqYEKpgYqmCCqYKAsGqCweoLCKgsJqCwqoLCxVMMFUw0VTDhVMPFUxAQsRqCxKoLE6gsUqCxWoLFhVMXFUxgVTGRVMaFUxsVTHBVMdFUx4VTHxVMgFUyFQWRVBZHUFklQWS1BZNUJk4qmUCqZSKplQqmViqZYQWW1BZdUFl9QWYVBZjUDMhVMzFUzQVTNRVM2FUzcBZxUFnNQWdVBZ3UFnlQWeiqZ8Kpn4qmgCqaCKpoQhaHUFolQWi1BaNUFo9QWkCqaSKppQqmliqaYKppoqmnCqaeKpqAqmoiqakKpqagtUqC1WoLVqgtXqC1ioTWRVNaFU1sVTXBVNdFU14gtfqC2CoLYagtiqC2OoGyCqbKKpswqmziqbQKptIC2qoLa6gtsqC22oLbqgtvFU3AVTcRVNyFU3MVTdBC3WoLdqgt3qC3ioLeagt6FU3sVTfBVN9FU34VTfxVOAFU4EVTghVODFU4QVThVBcNUFw9QXEVBcTUFxVQXF1BcZUFxaguNUFxyguPUFyCguRUFySguTUFyiguVUFyyguXUFzCguZUFzSgubUFzigudUFzygufUF0CguhUF0SgujUF0igulUF0ygunUF1CgupUF1SgurUF1igutUF1yguvUF2CguxUF2SguzUF2igu1UF2ygu3UF3Cgu5UF3Sgu7UF3igu9UF3ygu/UF4CgvBUF4SgvDUF4igvFUF4ygvHUF5CgvJUF5SgvLUF5igvNUF5ygvPUF6CgvRUF6SgvTUF6igvVUF6ygvXUF7CgvZUF7SgvbUF7igvdUF7ygvfUF8CgvhUF8SgvjUF8igvlUF8ygvnUF9CgvpUF9SgvrUF9igvtUF9ygvvUF+CgvxUF+SgvzUF+igv1UF+ygv3UF/Cgv5UF/Sgv7UF/igv9UF/ygv/MUFZJlNZ/9go1ABrdH/////////////////////////////////////////////QBf3pAAABVSqqlVJMABMAATAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABJgAJgACYAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAJMABMAATAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAATVVVAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAFKqqAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAD/hVMAFUwEVTAhVMDFUwQQsFqCwaoLB6gsIqCwmoLChVMLFUwwVTDRVMOFUw8VTEBVMRFUxIVTExVMUFUxVQWLVBYvUFjFQWMqCxpQWNqCxxQWOqCx5QWPqCyBQWQqCyJQWRqCyRQWSqCyZQWTqCyhQWUqCypQWVqCyxQWWqCy5QWXqCzBQWYqCzJQWZqCzRQWaqCzZQWbqCzhQWcqCzpQWdqCzxQWeqCz5QWfqC0BQWgqC0JQWhqC0RQWiqC0ZQWjqC0hQWkqC0pQWlqC0xQWmqC05QWnqC1BQWoqC1JQWpqC1RQWqqC1ZQWrqC1hQWsqC1pQWtqC1xQWuqC15QWvqC2BQWwqC2JQWxqC2RQWyqC2ZQWzqC2hQW0qC2pQW1qC2xQW2qC25QW3qC3BQW4qC3JQW5qC3RQW6qC3ZQW7qC3hQW8qC3pQW9qC3xQW+qC35QW/qC4BQXAqC4JQXBqC4RQXCqC4ZQXDqC4hQXEqC4pQXFqC3HjFBcbUFx1QXH1BchUFyNQXJVBcnUFylQOVFU5YVTlxVOYFU5kVTmgFzdQXOVBc7UFz1QXP1BdAKp0IqnRCqdGKp0gqnSiF01QXT1BdRUF1NQXVVBdWKp1gqnWiqdcKp14qnYCqdiKp2QqnZiqdoKp2oqnbKC7eoLuKgu5qC7qoLu6hO8FU70VTvhVO/FU8AVTwSC8KoLw6gvEqC8WoLxqgeOKp5AqnkiqeUKp5YqnmALzagvOqC8+oL0KgvRqC9IVT0xVPUFU9UVT1hVPXEL2KgvZqC9qoL26gvcqC90VT3hVPfFU+AVT4RVPiFU+MVT5BVPlFU+YVT5xVPoUF9NQX1VBfXUF9lQX21CfcKp94qn4CqfiKp+Qqn5kF+lQX61BftUF+9QX8VA/kVT+hVP7FU/wVT/RVP+AX/mKCskyms4rTqDgAFiT/////////////////////////////////////////////oAp4AAAAAAEmAAmAAJgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAkwAEwABMAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEmAAmAAJgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAJqqqgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAASYACYAAmAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAH/SJgEiYDImBSJgciYJImCyJg0iYPImESJhMiYVImFyJhkiYbImHSJh8iYhImIyJiUiYnImKSJisiYtImLyJjEiYxjMiY0RMbImOETHSJjxEx8iZARMhImRETIyJkhEyUiZMRMnImUETKSJlREysiZYRMtImXETLyJmBEzEiZkRMzImaETNSJmxEzciZwRM5ImdETOyJnhEz0iZ8RM/ImgETQSJoRE0MiaIRNFImjETRyJpBE0kiaURNLImmETTSJpxE08iagRNRImpETUyJqhE1UiasRNXImsETWSJrRE1sia4RNdImvETXyJsBE2EibERNjImyETZSJsxE2cibQRNpIm1ETayJthE20ibcRNvIm4ETcSJuRE3MiboRN1Im7ETdyJvBE3kib0RN7Im+ETfSJvxE38icAROBInBETgyJwhE4UicMROHInEETiSJxRE4sicYRONInHETjyJyBE5EickROTInKETlSJyxE5cicwROZInNETmyJzhE50ic8ROfInQEToSJ0RE6MidIROlInTETpyJ1BE6kidUROrInWETrSJ1xE68idgROxInZETsyJ2hE7UidsRO3IncETuSJ3RE7sid4RO9InfETvyJ4BE8EieERPDIniETxSJ4xE8cieQRPJInlETyyJ5hE80iecRPPInoET0SJ6RE9MieoRPVInrET1yJ7BE9kie0RPbInuET3SJ7xE98ifARPhInxET4yJ8hE+UifMRPnIn0ET6SJ9RE+sifYRPtIn3ET7yJ+BE/EifkRPzIn6ET9SJ+xE/cifwRP5In9ET+yJ/hE/0if8RP/F3JFOFCQqI2meg=",
    ),
  ],
];

function packed(text: string) {
  return Buffer.from(text, "base64");
}

async function unpack(...pieces: Buffer[]): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of bunzip2(from(pieces))) parts.push(part);
  return Buffer.concat(parts);
}

async function* from(pieces: Buffer[]) {
  yield* pieces;
}

test.each(samples)("%s", async (_, data, bytes) => {
  expect((await unpack(bytes)).equals(data)).toBe(true);
});

test("streams one after the other are one, wherever the bytes are cut", async () => {
  const [, , bytes] = samples[2] as [string, Buffer, Buffer];
  const all = Buffer.concat([bytes, bytes]);
  const data = await unpack(all);
  expect(data.length).toBe(2 * (samples[2]?.[1].length ?? 0));
  const pieces = Array.from(all, (_, i) => all.subarray(i, i + 1));
  expect((await unpack(...pieces)).equals(data)).toBe(true);
});

test("a bit that is wrong, bytes that are missing or too many: never other data", async () => {
  const [, data, bytes] = samples[2] as [string, Buffer, Buffer];
  await fc.assert(
    fc.asyncProperty(fc.nat(bytes.length * 8 - 1), fc.nat(bytes.length - 1), async (bit, cut) => {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      // What fills the last byte means nothing, and no sum is over the size of blocks, the fourth: another may do as well.
      if (bit >> 3 === 3) expect((await unpack(flipped).catch(() => data)).equals(data)).toBe(true);
      else if (bit >> 3 < bytes.length - 1) await expect(unpack(flipped)).rejects.toThrow();
      await expect(unpack(bytes.subarray(0, cut))).rejects.toThrow();
      await expect(unpack(bytes, Buffer.from("x"))).rejects.toThrow();
    }),
    { numRuns: 200 },
  );
});

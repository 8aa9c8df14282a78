// Any text for property tests. fast-check's own `unit: "binary"` means the same and takes most of a second to get ready.
import fc from "fast-check";

const beforeSurrogates = { min: 0, max: 0xd7ff };
const afterSurrogates = { min: 0xe000, max: 0x10ffff };

/** Texts of any code points but halves of surrogate pairs; most of them of ASCII and Latin-1. */
export const anyText = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0x7f }),
      fc.integer({ min: 0, max: 0xff }),
      fc.integer(beforeSurrogates),
      fc.integer(afterSurrogates),
    ),
  )
  .map((codes) => String.fromCodePoint(...codes));

import fc from "fast-check";
import { expect, test } from "vitest";
import { stateFilter, stateKeyOf, stateSubject } from "./queue-names.ts";

const stateKey = fc.stringMatching(/^[A-Za-z0-9_=./-]+$/);

test("a state key comes back from its subject, which is valid", () => {
  fc.assert(
    fc.property(stateKey, (key) => {
      const subject = stateSubject(key);
      expect(subject).toMatch(/^onpoint\.state(\.[^.*> ]+)+$/);
      expect(stateKeyOf(subject)).toBe(key);
    }),
  );
});

test("the filter of any prefix of a key matches the key's subject", () => {
  fc.assert(
    fc.property(stateKey, fc.nat(), (key, length) => {
      const filter = stateFilter(key.slice(0, length % (key.length + 1)));
      expect(filter.endsWith(">")).toBe(true);
      expect(stateSubject(key).startsWith(filter.slice(0, -1))).toBe(true);
    }),
  );
});

import fc from "fast-check";
import { expect, test } from "vitest";
import { ReadyHosts } from "./ready-hosts.ts";

test("gives the host that may be asked first, like a sorted list", () => {
  const step = fc.oneof(
    fc.record({ add: fc.nat(12), atMs: fc.nat(1_000) }),
    fc.constant({ add: null, atMs: 0 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const ready = new ReadyHosts();
      const model = new Map<string, number>();
      for (const { add, atMs } of steps) {
        if (add !== null) {
          const host = `h${add}`;
          ready.add(host, atMs);
          model.set(host, Math.min(atMs, model.get(host) ?? Number.POSITIVE_INFINITY));
        } else {
          const firstMs = model.size === 0 ? null : Math.min(...model.values());
          expect(ready.nextAtMs()).toBe(firstMs);
          const popped = ready.pop();
          expect(popped === null ? null : model.get(popped)).toBe(firstMs);
          if (popped !== null) model.delete(popped);
        }
        expect(ready.size).toBe(model.size);
      }
    }),
  );
});

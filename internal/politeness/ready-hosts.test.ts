import fc from "fast-check";
import { expect, test } from "vitest";
import { noPlace, ReadyHosts } from "./ready-hosts.ts";

test("gives the host that may be asked first, like a sorted list, whatever is added, moved or removed", () => {
  const host = fc.nat(12);
  const step = fc.oneof(
    fc.record({ kind: fc.constant("add" as const), host, atMs: fc.nat(1_000) }),
    fc.record({ kind: fc.constant("remove" as const), host }),
    fc.constant({ kind: "take" as const }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const ready = new ReadyHosts();
      const hosts = Array.from({ length: 13 }, () => ({ place: noPlace() }));
      const model = new Map<object, number>();
      for (const each of steps) {
        if (each.kind === "add") {
          const added = hosts[each.host] as (typeof hosts)[number];
          ready.add(added, each.atMs);
          model.set(added, Math.min(each.atMs, model.get(added) ?? Number.POSITIVE_INFINITY));
        } else if (each.kind === "remove") {
          ready.remove(hosts[each.host] as (typeof hosts)[number]);
          model.delete(hosts[each.host] as object);
        } else {
          const first = ready.first();
          expect(first === null).toBe(model.size === 0);
          if (first === null) continue;
          expect(first.place.atMs).toBe(Math.min(...model.values()));
          expect(model.get(first)).toBe(first.place.atMs);
          ready.remove(first);
          model.delete(first);
        }
        expect(ready.size).toBe(model.size);
      }
    }),
  );
});

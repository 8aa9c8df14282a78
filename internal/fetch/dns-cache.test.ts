import type { RecordWithTtl } from "node:dns";
import { expect, test } from "vitest";
import { DnsCache, type NameSource, standardDnsLimits } from "./dns-cache.ts";

type Zone = {
  v4?: [string, number][];
  v6?: [string, number][];
  lookup?: string[];
  hosts?: boolean;
};

function open(zones: Record<string, Zone>, maxNames = 100) {
  const asked: string[] = [];
  const clock = { nowMs: 0 };
  const records = (name: string, kind: "v4" | "v6"): Promise<RecordWithTtl[]> => {
    asked.push(`${kind} ${name}`);
    const found = zones[name]?.[kind]?.map(([address, ttl]) => ({ address, ttl }));
    return found ? Promise.resolve(found as RecordWithTtl[]) : Promise.reject(notFound());
  };
  const source: NameSource = {
    resolve4: (name) => records(name, "v4"),
    resolve6: (name) => records(name, "v6"),
    lookup: async (name) => {
      asked.push(`lookup ${name}`);
      const found = zones[name]?.lookup;
      if (found === undefined) throw notFound();
      return found.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    },
    isInHosts: (name) => zones[name]?.hosts ?? false,
  };
  const dns = new DnsCache(source, { ...standardDnsLimits, maxNames }, () => clock.nowMs);
  const addresses = async (name: string) =>
    (await dns.resolve(name)).map(({ address, family }) => `${family} ${address}`);
  return { addresses, asked, clock };
}
const notFound = () => Object.assign(new Error("not found"), { code: "ENOTFOUND" });

test("addresses of both families are kept as long as the shortest TTL", async () => {
  const zones: Record<string, Zone> = {
    "a.test": { v4: [["192.0.2.1", 300]], v6: [["2001:db8::1", 60]] },
  };
  const { addresses, asked, clock } = open(zones);
  expect(await addresses("a.test")).toEqual(["4 192.0.2.1", "6 2001:db8::1"]);
  zones["a.test"] = { v4: [["192.0.2.2", 300]], v6: [] };
  clock.nowMs = 59_999;
  expect(await addresses("a.test")).toEqual(["4 192.0.2.1", "6 2001:db8::1"]);
  expect(asked).toHaveLength(2);
  clock.nowMs = 60_000;
  expect(await addresses("a.test")).toEqual(["4 192.0.2.2"]);
});

test.each([
  [0, standardDnsLimits.minTtlMs],
  [999_999, standardDnsLimits.maxTtlMs],
])("a TTL of %i s is kept for %i ms", async (ttl, keptMs) => {
  const { addresses, asked, clock } = open({ "a.test": { v4: [["192.0.2.1", ttl]], v6: [] } });
  await addresses("a.test");
  clock.nowMs = keptMs - 1;
  await addresses("a.test");
  expect(asked).toHaveLength(2);
  clock.nowMs = keptMs;
  await addresses("a.test");
  expect(asked).toHaveLength(4);
});

test("a name is asked for once, however many ask at the same time", async () => {
  const { addresses, asked } = open({ "a.test": { v4: [["192.0.2.1", 60]] } });
  const all = await Promise.all(Array.from({ length: 50 }, () => addresses("a.test")));
  expect(new Set(all.map(String))).toEqual(new Set(["4 192.0.2.1"]));
  expect(asked).toEqual(["v4 a.test", "v6 a.test"]);
});

test("a failure is kept too, for less long", async () => {
  const zones: Record<string, Zone> = {};
  const { addresses, asked, clock } = open(zones);
  await expect(addresses("b.test")).rejects.toThrow("not found");
  await expect(addresses("b.test")).rejects.toThrow("not found");
  expect(asked).toEqual(["v4 b.test", "v6 b.test", "lookup b.test"]);
  zones["b.test"] = { v4: [["192.0.2.9", 60]] };
  clock.nowMs = standardDnsLimits.negativeTtlMs;
  expect(await addresses("b.test")).toEqual(["4 192.0.2.9"]);
});

test("the system is asked where DNS has nothing, for names without a dot, and for its own hosts", async () => {
  const { addresses, asked } = open({
    "svc.ns": { lookup: ["10.0.0.5"] },
    db: { lookup: ["10.0.0.6"], v4: [["192.0.2.1", 60]] },
    "own.test": { lookup: ["10.0.0.7"], v4: [["192.0.2.2", 60]], hosts: true },
  });
  expect(await addresses("svc.ns")).toEqual(["4 10.0.0.5"]);
  expect(await addresses("db")).toEqual(["4 10.0.0.6"]);
  expect(await addresses("own.test")).toEqual(["4 10.0.0.7"]);
  expect(asked).toEqual([
    "v4 svc.ns",
    "v6 svc.ns",
    "lookup svc.ns",
    "lookup db",
    "lookup own.test",
  ]);
});

test("names under localhost are this machine and names under invalid are nobody, without asking", async () => {
  const { addresses, asked } = open({});
  for (const name of ["localhost", "a.b.localhost", "LOCALHOST."])
    expect(await addresses(name)).toEqual(["4 127.0.0.1", "6 ::1"]);
  await expect(addresses("x.invalid")).rejects.toMatchObject({ code: "ENOTFOUND" });
  expect(asked).toEqual([]);
});

test("the names used least recently are forgotten", async () => {
  const zone: Zone = { v4: [["192.0.2.1", 600]] };
  const { addresses, asked } = open({ "a.test": zone, "b.test": zone, "c.test": zone }, 2);
  for (const name of ["a.test", "b.test", "a.test", "c.test", "a.test", "b.test"])
    await addresses(name);
  const count = (name: string) => asked.filter((each) => each === `v4 ${name}`).length;
  expect(["a.test", "b.test", "c.test"].map(count)).toEqual([1, 2, 1]);
});

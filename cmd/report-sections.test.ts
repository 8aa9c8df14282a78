import { expect, test } from "vitest";
import type { HostCounts } from "../internal/model/segment.ts";
import { reportSections } from "./report-sections.ts";
import type { RunDetails } from "./run-details.ts";

const host = (name: string, more: Partial<HostCounts> = {}): HostCounts => ({
  host: name,
  requests: 2,
  smallestGapMs: 501.27,
  allowedGapMs: 500,
  robots: "allow",
  backoffs: 0,
  deferred: 0,
  ...more,
});

function hostRows(hosts: HostCounts[]): string[][] {
  const manifest = { generation: 1, scope: null, simulate: false };
  const none = { models: [], drops: [], uploads: [], letters: [], quarantined: [] };
  const details = { manifest, report: null, lake: "file:///l", hosts, ...none };
  const sections = reportSections(details as unknown as RunDetails);
  return sections.find(({ title }) => title === "hosts")?.rows ?? [];
}

test("the worst hosts come first: asked too soon, deferred, backed off, closed by robots.txt, held back", () => {
  const rows = hostRows([
    host("calm"),
    host("held back", { addressWaitMs: 1_260 }),
    host("closed", { robots: "disallow" }),
    host("busy", { backoffs: 3 }),
    host("deferred", { deferred: 9 }),
    host("too soon", { smallestGapMs: 499.9 }),
  ]);
  const order = ["too soon", "deferred", "busy", "closed", "held back", "calm"];
  expect(rows.map(([name]) => name)).toEqual(order);
  expect(rows[0]).toEqual(["too soon", "2", "499.9", "500", "allow", "0", "0", "-"]);
  expect(rows[4]?.at(-1)).toBe("1.3");
});

test("of thousands of hosts fifty are shown, and the others as one sum", () => {
  const hosts = Array.from({ length: 3_000 }, (_, n) =>
    host(`h${n}`, { backoffs: n % 2, addressWaitMs: 10 }),
  );
  const rows = hostRows(hosts);
  expect(rows.length).toBe(51);
  expect(rows.at(-1)).toEqual(["2950 more", "5900", "", "", "", "1450", "0", "29.5"]);
});

// Names as this machine knows them: DNS by c-ares, which gives TTLs and takes no thread, and the system's own lookup.

import { lookup, Resolver } from "node:dns/promises";
import { readFileSync, statSync } from "node:fs";
import type { NameSource } from "./dns-cache.ts";

const hostsFile = "/etc/hosts";
const lookAgainMs = 10_000;

/** `servers`: addresses to ask, else the system's. */
export function systemNames(servers?: readonly string[]): NameSource {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  if (servers !== undefined) resolver.setServers(servers);
  let hosts = new Set<string>();
  let changedMs = Number.NaN;
  let lookedMs = Number.NEGATIVE_INFINITY;
  return {
    resolve4: (name) => resolver.resolve4(name, { ttl: true }),
    resolve6: (name) => resolver.resolve6(name, { ttl: true }),
    lookup: (name) => lookup(name, { all: true }),
    isInHosts: (name) => {
      const nowMs = performance.now();
      if (nowMs - lookedMs > lookAgainMs) {
        lookedMs = nowMs;
        const nowChangedMs = statSync(hostsFile, { throwIfNoEntry: false })?.mtimeMs ?? 0;
        if (nowChangedMs !== changedMs) hosts = nowChangedMs === 0 ? new Set() : namesInHosts();
        changedMs = nowChangedMs;
      }
      return hosts.has(name.toLowerCase());
    },
  };
}

function namesInHosts(): Set<string> {
  const lines = readFileSync(hostsFile, "utf8").toLowerCase().split("\n");
  // hosts(5): an address, then names; # begins a comment.
  return new Set(lines.flatMap((line) => line.replace(/#.*/, "").trim().split(/\s+/).slice(1)));
}

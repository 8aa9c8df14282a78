import { expect, test } from "vitest";
import { PrivateHosts } from "./private-hosts.ts";

test("what the pipeline names may be private, and nothing else", () => {
  const hosts = new PrivateHosts(["Intranet.Example.", "[::1]", "10.0.0.9"]);
  const refused = (hostname: string, address: string) => hosts.whyRefused(hostname, address);
  expect(refused("intranet.example", "10.1.2.3")).toBeNull();
  expect(refused("[::1]", "::1")).toBeNull();
  expect(refused("10.0.0.9", "10.0.0.9")).toBeNull();
  expect(refused("public.example", "8.8.8.8")).toBeNull();
  expect(refused("public.example", "10.1.2.3")).toBe("a private address");
  expect(refused("sub.intranet.example", "10.1.2.3")).toBe("a private address");
  expect(refused("10.0.0.8", "10.0.0.8")).toBe("a private address");
  expect(refused("localhost", "127.0.0.1")).toBe("a loopback address");
});

test("naming a host under localhost names them all, but no address", () => {
  const hosts = new PrivateHosts(["shop.localhost"]);
  expect(hosts.whyRefused("other.site.localhost", "127.0.0.1")).toBeNull();
  expect(hosts.whyRefused("127.0.0.1", "127.0.0.1")).toBe("a loopback address");
  expect(hosts.whyRefused("notlocalhost", "127.0.0.1")).toBe("a loopback address");
});

test("ranges and hosts can be allowed", () => {
  const hosts = new PrivateHosts([], ["10.0.0.0/8", "fd00::/8", "db.internal", "192.168.0.1"]);
  const allowed: [string, string][] = [
    ["a.example", "10.255.0.1"],
    ["a.example", "fd12::1"],
    ["db.internal", "172.16.0.1"],
    ["192.168.0.1", "192.168.0.1"],
  ];
  for (const [hostname, address] of allowed) expect(hosts.whyRefused(hostname, address)).toBeNull();
  expect(hosts.whyRefused("a.example", "192.168.0.1")).toBe("a private address");
  expect(hosts.whyRefused("a.example", "::1")).toBe("a loopback address");
});

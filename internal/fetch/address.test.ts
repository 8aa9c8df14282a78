import { BlockList } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isLoopback, whyNotPublic } from "./address.ts";

test.each([
  ["127.0.0.1", "loopback"],
  ["127.255.255.255", "loopback"],
  ["0.0.0.0", "unspecified"],
  ["10.0.0.1", "private"],
  ["172.16.0.1", "private"],
  ["172.31.255.255", "private"],
  ["192.168.1.1", "private"],
  ["169.254.169.254", "link-local"],
  ["100.64.0.1", "carrier-grade"],
  ["100.127.255.255", "carrier-grade"],
  ["192.0.2.7", "reserved"],
  ["198.19.0.1", "reserved"],
  ["224.0.0.1", "multicast"],
  ["239.255.255.255", "multicast"],
  ["255.255.255.255", "reserved"],
  ["::", "unspecified"],
  ["::1", "loopback"],
  ["::2", "reserved"],
  ["::ffff:127.0.0.1", "loopback"],
  ["::ffff:7f00:1", "loopback"],
  ["0:0:0:0:0:ffff:10.1.2.3", "private"],
  ["::127.0.0.1", "reserved"],
  ["64:ff9b::10.0.0.1", "private"],
  ["64:ff9b::a9fe:a9fe", "link-local"],
  ["64:ff9b:1::808:808", "reserved"],
  ["2002:7f00:1::1", "loopback"],
  ["2002:c0a8:101::", "private"],
  ["fe80::1", "link-local"],
  ["fe80::1%eth0", "link-local"],
  ["febf::1", "link-local"],
  ["fec0::1", "reserved"],
  ["fc00::1", "private"],
  ["fdff::1", "private"],
  ["ff02::1", "multicast"],
  ["2001::1", "reserved"],
  ["2001:db8::1", "reserved"],
  ["3fff:fff::1", "reserved"],
  ["4000::1", "reserved"],
  ["100::1", "reserved"],
  ["example.com", "not an address"],
])("%s is %s", (address, why) => {
  expect(whyNotPublic(address)).toContain(why);
});

test.each([
  "8.8.8.8",
  "1.1.1.1",
  "100.63.255.255",
  "100.128.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "169.253.255.255",
  "192.0.1.0",
  "223.255.255.255",
  "::ffff:8.8.8.8",
  "64:ff9b::8.8.8.8",
  "2002:808:808::1",
  "2001:200::1",
  "2606:4700:4700::1111",
  "2a00:1450:4001:80f::200e",
  "3fff:1000::1",
])("%s is of the internet", (address) => {
  expect(whyNotPublic(address)).toBeNull();
});

test("loopback is told from other private addresses", () => {
  expect(["127.0.0.9", "::1", "::ffff:127.0.0.1", "10.0.0.1", "8.8.8.8"].map(isLoopback)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
});

test("no spelling of an address hides it from node's own reading of it", () => {
  const inside = new BlockList();
  inside.addSubnet("10.0.0.0", 8);
  inside.addSubnet("127.0.0.0", 8);
  inside.addSubnet("192.168.0.0", 16);
  inside.addSubnet("fc00::", 7, "ipv6");
  inside.addSubnet("fe80::", 10, "ipv6");
  const found = { refused: 0 };
  const address = fc.oneof(
    fc.ipV4().map((text) => [text, "ipv4"] as const),
    fc.ipV6().map((text) => [text, "ipv6"] as const),
    fc.ipV4().map((text) => [`::ffff:${text}`, "ipv6"] as const),
    fc.ipV6().map((text) => [text.replace(/^[0-9a-f]+/i, "fd12"), "ipv6"] as const),
    fc.nat(0xffffff).map((n) => [`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, "ipv4"] as const),
  );
  fc.assert(
    fc.property(address, ([text, family]) => {
      if (!inside.check(text, family)) return;
      found.refused += 1;
      expect(whyNotPublic(text)).not.toBeNull();
    }),
  );
  expect(found.refused).toBeGreaterThan(10);
});

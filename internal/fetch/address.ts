// Which addresses belong to the internet. A link on a page may name any host, and any name may resolve to any address: what is
// not of the internet (the machine itself, its network, a cloud's metadata service) is never connected to by a link.
import { isIPv4, isIPv6 } from "node:net";

/**
 * Why an address is not of the internet, such as "a loopback address"; null when it is. By the registries of special-purpose
 * addresses (RFC 6890; what they do not call globally reachable is refused), multicast (RFC 5771, RFC 4291), and, of IPv6,
 * anything outside of 2000::/3 (RFC 4291 section 2.4: the only global unicast space that was given out). An IPv4 address
 * inside an IPv6 one (mapped, NAT64 of RFC 6052, 6to4 of RFC 3056) counts as itself.
 */
export function whyNotPublic(address: string): string | null {
  if (isIPv4(address)) return whyNotPublicV4(numberOf(address));
  if (!isIPv6(address)) return "not an address";
  return whyNotPublicV6(groupsOf(address));
}

/** An address of the machine itself. */
export function isLoopback(address: string): boolean {
  return whyNotPublic(address) === loopback;
}

const loopback = "a loopback address";
const privateUse = "a private address";
const special = "a reserved address";

/** First address, bits, why. */
const specialV4: readonly (readonly [string, number, string])[] = [
  ["0.0.0.0", 8, "an unspecified address"],
  ["10.0.0.0", 8, privateUse],
  ["100.64.0.0", 10, "an address of carrier-grade NAT"],
  ["127.0.0.0", 8, loopback],
  ["169.254.0.0", 16, "a link-local address"],
  ["172.16.0.0", 12, privateUse],
  ["192.0.0.0", 24, special],
  ["192.0.2.0", 24, special],
  ["192.88.99.0", 24, special],
  ["192.168.0.0", 16, privateUse],
  ["198.18.0.0", 15, special],
  ["198.51.100.0", 24, special],
  ["203.0.113.0", 24, special],
  ["224.0.0.0", 4, "a multicast address"],
  ["240.0.0.0", 4, special],
];
const tableV4 = specialV4.map(([first, bits, why]) => ({
  first: numberOf(first),
  size: 2 ** (32 - bits),
  why,
}));

function whyNotPublicV4(address: number): string | null {
  return tableV4.find(({ first, size }) => address >= first && address < first + size)?.why ?? null;
}

function whyNotPublicV6(groups: readonly number[]): string | null {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  const firstFive = a | b | c | d | e;
  const last32 = g * 65_536 + h;
  if (firstFive === 0 && f === 0xffff) return whyNotPublicV4(last32);
  if (firstFive === 0 && f === 0 && g === 0 && h <= 1)
    return h === 0 ? "an unspecified address" : loopback;
  if (a === 0x64 && b === 0xff9b && (c | d | e | f) === 0) return whyNotPublicV4(last32);
  if (a === 0x2002) return whyNotPublicV4(b * 65_536 + c);
  if ((a & 0xffc0) === 0xfe80) return "a link-local address";
  if ((a & 0xfe00) === 0xfc00) return privateUse;
  if ((a & 0xff00) === 0xff00) return "a multicast address";
  const isGiven = (a & 0xe000) === 0x2000;
  // 2001::/23 is for protocols (Teredo is one), 2001:db8::/32 and 3fff::/20 for documentation.
  const isProtocol = a === 0x2001 && (b < 0x200 || b === 0xdb8);
  const isDocumentation = a === 0x3fff && b < 0x1000;
  return isGiven && !isProtocol && !isDocumentation ? null : special;
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** The eight groups of an IPv6 address (RFC 4291 section 2.2), without its zone. */
function groupsOf(address: string): number[] {
  const [plain = ""] = address.split("%");
  const dotted = /[\d.]+$/.exec(plain)?.[0] ?? "";
  const isDotted = dotted.includes(".");
  const low = isDotted ? numberOf(dotted) : 0;
  const text = isDotted
    ? `${plain.slice(0, -dotted.length)}${(low >>> 16).toString(16)}:${(low & 0xffff).toString(16)}`
    : plain;
  const [left = "", right] = text.split("::");
  const groups = (part: string) =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  if (right === undefined) return groups(left);
  const [before, after] = [groups(left), groups(right)];
  return [...before, ...new Array(8 - before.length - after.length).fill(0), ...after];
}

// Which hosts may be reached at an address that is not of the internet: those that the pipeline itself names. The question is
// asked about the address a connection is made to, never about a name alone, so a name cannot mean one thing when it is
// looked at and another when it is used (DNS rebinding).
import { BlockList, isIP } from "node:net";
import { whyNotPublic } from "./address.ts";

export class PrivateHosts {
  readonly #hosts = new Set<string>();
  /** One of them is under `localhost`: by RFC 6761 all names there are the same machine, this one. */
  #hasLocalNames = false;
  readonly #ranges = new BlockList();
  /** The same for equal rules. */
  readonly key: string;

  /** `named`: host names and addresses, as in a URL. `allowed`: the same, or ranges such as 10.0.0.0/8. */
  constructor(named: Iterable<string>, allowed: readonly string[] = []) {
    for (const each of [...named, ...allowed]) {
      const [address = "", bits] = each.split("/");
      if (bits === undefined) this.#addHost(bareHost(each));
      else this.#ranges.addSubnet(address, Number(bits), isIP(address) === 6 ? "ipv6" : "ipv4");
    }
    this.key = [...allowed].sort().join(" ");
  }

  isNamed(hostname: string): boolean {
    const host = bareHost(hostname);
    return this.#hosts.has(host) || (this.#hasLocalNames && isLocalName(host));
  }

  /** Why `address`, which `hostname` leads to, must not be connected to; null when it may. */
  whyRefused(hostname: string, address: string): string | null {
    const why = whyNotPublic(address);
    if (why === null || this.isNamed(hostname)) return null;
    return this.#ranges.check(address, isIP(address) === 6 ? "ipv6" : "ipv4") ? null : why;
  }

  #addHost(host: string): void {
    this.#hosts.add(host);
    if (isLocalName(host)) this.#hasLocalNames = true;
  }
}

function isLocalName(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost");
}

/** Without the brackets of an IPv6 address and without the root's dot. */
function bareHost(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, "")
    .replace(/\.$/, "");
}

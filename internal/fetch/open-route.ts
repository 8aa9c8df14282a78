// From what a source wishes to how its requests travel.
import { createHash } from "node:crypto";
import { CookieJars } from "./cookie-jars.ts";
import { PrivateHosts } from "./private-hosts.ts";
import { Proxies } from "./proxies.ts";
import { type FetchLimits, type Route, standardLimits, type TlsIdentity } from "./route.ts";

/** What is absent is standard. `named`: hosts that the pipeline names; `allowPrivate`: hosts and ranges beyond those. */
export type RouteWishes = {
  limits?: Partial<FetchLimits>;
  http2?: boolean;
  tls?: TlsIdentity | null;
  proxies?: readonly string[];
  cookies?: boolean;
  named?: Iterable<string>;
  allowPrivate?: readonly string[];
};

export function openRoute(wishes: RouteWishes): Route {
  const { http2 = false, tls = null, proxies = [], cookies = false } = wishes;
  const privateHosts = new PrivateHosts(wishes.named ?? [], wishes.allowPrivate);
  const limits = { ...standardLimits, ...wishes.limits };
  const what = JSON.stringify([limits.connectMs, http2, tls, privateHosts.key]);
  return {
    // The private key of a client certificate is part of it: only its hash is kept in keys.
    key: createHash("sha256").update(what).digest("base64url").slice(0, 22),
    limits,
    http2,
    tls,
    proxies: proxies.length === 0 ? null : new Proxies(proxies, () => performance.now()),
    cookies: cookies ? new CookieJars(() => Date.now()) : null,
    privateHosts,
  };
}

// From a source of a pipeline to the route of its requests. Opened once for each source of a run: it holds the run's cookies
// and knows which proxies do not answer.
import { readFileSync } from "node:fs";
import { FetchFault } from "../fetch/fetch-fault.ts";
import type { Fetcher } from "../fetch/fetch-page.ts";
import { openRoute } from "../fetch/open-route.ts";
import type { Route, TlsIdentity } from "../fetch/route.ts";
import type { FetchOptions } from "../model/fetch-options.ts";
import type { Pipeline } from "../model/pipeline.ts";
import { describeError } from "../std/errors.ts";
import type { Crawlable } from "./may-fetch.ts";

const routes = new WeakMap<Crawlable, Route>();

/** Throws {@link FetchFault} when a certificate cannot be read. */
function routeOf(source: Crawlable, pipeline: Pipeline): Route {
  let route = routes.get(source);
  if (route === undefined) {
    const { cookies, proxies, http2, tls, limits, allowPrivate } = source.fetch;
    const identity = tls === null ? null : readIdentity(tls);
    const named = namedHosts(pipeline);
    route = openRoute({ cookies, proxies, http2, tls: identity, limits, named, allowPrivate });
    routes.set(source, route);
  }
  return route;
}

/** Hosts of the seeds and URLs of all sources: whoever wrote the pipeline wants them asked, wherever they are. */
function namedHosts({ sources }: Pipeline): Set<string> {
  const urls = sources.flatMap((source) => {
    if (source.kind === "files") return [];
    const asked = source.kind === "web" ? source.seeds : [source.url];
    return source.auth?.kind === "oauth2" ? [...asked, source.auth.tokenUrl] : asked;
  });
  return new Set(urls.map((url) => new URL(url).hostname));
}

function readIdentity(tls: NonNullable<FetchOptions["tls"]>): TlsIdentity {
  const read = (name: "cert" | "key" | "ca"): string | null => {
    const text = tls[name];
    if (text === null || text.includes("-----BEGIN ")) return text;
    try {
      return readFileSync(text, "utf8");
    } catch (error) {
      throw unreadable(`tls.${name}: "${text}" cannot be read (${describeError(error)})`, error);
    }
  };
  const { rejectUnauthorized } = tls;
  return { cert: read("cert"), key: read("key"), ca: read("ca"), rejectUnauthorized };
}

function unreadable(why: string, cause: unknown): FetchFault {
  return new FetchFault("tls", why, { cause });
}

/** The same, with a fetcher whose requests travel by the route of `source`. */
export function byRoute<Deps extends { fetcher: Fetcher }>(
  deps: Deps,
  { source }: { source: Crawlable },
  pipeline: Pipeline,
): Deps {
  const fetcher: Fetcher = {
    fetch: async (url, asked, signal) =>
      deps.fetcher.fetch(url, { ...asked, route: routeOf(source, pipeline) }, signal),
    addressOf: (hostname) => deps.fetcher.addressOf(hostname),
    close: () => deps.fetcher.close(),
  };
  return { ...deps, fetcher };
}

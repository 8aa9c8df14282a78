// What a source wants to be done to a canonical URL beyond what is always true of URLs: parameters that follow readers around,
// session ids, query order, hash routes. Each of these can make one of two addresses, so each can be turned off.
import type { CanonicalOptions } from "../model/pipeline.ts";
import { normalPercent } from "./percent.ts";
import { withoutPathSession, withoutQuerySession } from "./session-ids.ts";
import { canonicalUrl } from "./url.ts";

/** The rules of a source, compiled. */
export type UrlRules = {
  /** Fragments that name a page (`#/route`, `#!route`) are part of the URL. */
  keepsRoutes: boolean;
  /**
   * A canonical URL without fragment, by the rules. `hasQuery`, `hasMarker`: there may be a `?`, and a `;` or `(` in the path;
   * false saves the look.
   */
  apply(url: string, hasQuery: boolean, hasMarker: boolean): string;
  /** The canonical form of any text by the rules, null when it is no http or https URL. Idempotent. */
  exact(text: string, base?: string): string | null;
};

/**
 * Parameters that tell who sent a reader, by the documentation of those who add them: campaign tags (`utm_*`, Matomo's
 * `mtm_*`), click ids of advertisers, ids of newsletters and of analytics across domains. None of them names content.
 */
export const trackingParams: readonly string[] =
  "utm_* mtm_* gclid gclsrc gbraid wbraid dclid srsltid _ga _gl fbclid igshid msclkid yclid ysclid _openstat ttclid twclid li_fat_id epik mc_cid mc_eid mkt_tok _hsenc _hsmi __hstc __hssc __hsfp hsCtaTracking vero_id vero_conv oly_enc_id oly_anon_id irclickid wickedid".split(
    " ",
  );

/** No rules: what is true of every URL only. */
export const neutralRules: UrlRules = {
  keepsRoutes: false,
  apply: (url) => url,
  exact: canonicalUrl,
};

/** Compiles the options of a source. */
export function urlRules(options: CanonicalOptions): UrlRules {
  const isDropped = nameMatcher(options.dropParams);
  const dropsSessions = options.sessionIds === "drop";
  const keepsRoutes = options.fragment === "routes";
  const apply: UrlRules["apply"] = (url, hasQuery, hasMarker) => {
    const queryAt = hasQuery ? url.indexOf("?") : -1;
    const address = queryAt < 0 ? url : url.slice(0, queryAt);
    const path = dropsSessions && hasMarker ? sessionless(address) : address;
    if (queryAt < 0) return path;
    const query = url.slice(queryAt + 1);
    const params = query.split("&");
    let kept = isDropped === null ? params : params.filter((param) => !isDropped(nameOf(param)));
    if (dropsSessions) kept = withoutQuerySession(kept);
    if (options.query === "sort") kept = sorted(kept);
    const rest = kept.join("&");
    return rest === "" ? path : `${path}?${rest}`;
  };
  return {
    keepsRoutes,
    apply,
    exact(text, base) {
      const url = canonicalUrl(text, base);
      if (url === null) return null;
      return apply(url, true, true) + (keepsRoutes ? routeOf(text, base) : "");
    },
  };
}

// What is left may be spelled anew: `/..;jsessionid=1/b` has become `/../b`.
function sessionless(address: string): string {
  const path = withoutPathSession(address);
  return path === address ? address : (canonicalUrl(path) ?? address);
}

// The name of a `name=value` of a query.
function nameOf(param: string): string {
  const end = param.indexOf("=");
  return end < 0 ? param : param.slice(0, end);
}

// `#/route` and `#!route`; a bare `#!` is a link that does nothing.
function routeOf(text: string, base: string | undefined): string {
  const fragment = URL.parse(text, base)?.hash ?? "";
  return fragment.length > 2 && /^#[/!]/.test(fragment) ? normalPercent(fragment) : "";
}

// By name only, so that values of one name keep their order, which may mean something. What is empty goes: it has no place.
function sorted(params: string[]): string[] {
  return params
    .filter((param) => param !== "")
    .map((param) => ({ param, name: nameOf(param) }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ param }) => param);
}

function nameMatcher(patterns: readonly string[]): ((name: string) => boolean) | null {
  if (patterns.length === 0) return null;
  const names = new Set(patterns.filter((pattern) => !pattern.endsWith("*")));
  const prefixes = patterns
    .filter((pattern) => pattern.endsWith("*"))
    .map((pattern) => pattern.slice(0, -1));
  return (name) => names.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}

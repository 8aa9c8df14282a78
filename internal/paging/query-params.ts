// Query parameters set in a URL without touching the others: URLSearchParams would write the whole query anew, and some
// servers tell `%20` from `+`.

/** `url` with each parameter set once, at the end, in place of those of its name. Throws TypeError when it is no URL. */
export function withParams(url: string, params: Record<string, string>): string {
  const parsed = new URL(url);
  const kept = parts(parsed).filter((part) => !Object.hasOwn(params, nameOf(part)));
  const added = Object.entries(params).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  parsed.search = [...kept, ...added].join("&");
  return parsed.href;
}

/** `url` without the parameters of that name. Throws TypeError when it is no URL. */
export function withoutParam(url: string, name: string): string {
  const parsed = new URL(url);
  const kept = parts(parsed).filter((part) => nameOf(part) !== name);
  if (kept.length === parts(parsed).length) return url;
  parsed.search = kept.join("&");
  return parsed.href;
}

function parts(url: URL): string[] {
  return url.search.slice(1).split("&").filter(Boolean);
}

function nameOf(part: string): string {
  return new URLSearchParams(part).keys().next().value ?? "";
}

// What depends on the origin of a URL only, worked out once per origin: a page's links lead to few, and parsing each of them
// again costs more than all else that is done with it.
import { BoundedCache } from "../std/bounded-cache.ts";

/** Origins kept by each function. */
const size = 4096;

/**
 * `compute`, which must depend on nothing but the origin of the URL it is given, with its answers kept in bounded memory.
 * Asking again for the origin asked for last costs a comparison. What `compute` throws is thrown, and not kept.
 */
export function perOrigin<Value>(compute: (url: string) => Value): (url: string) => Value {
  const kept = new BoundedCache<{ value: Value }>(size);
  // With the slash behind it: `https://a.org` also begins `https://a.org.evil/`.
  let lastStart: string | null = null;
  let last: Value;
  return (url) => {
    if (lastStart !== null && url.startsWith(lastStart)) return last;
    const start = url.slice(0, url.indexOf("/", 8) + 1);
    let found = kept.get(start);
    if (found === undefined) {
      found = { value: compute(url) };
      // Any other spelling of an origin is not told apart from its path here.
      if (`${URL.parse(url)?.origin}/` !== start) return found.value;
      kept.set(start, found);
    }
    lastStart = start;
    last = found.value;
    return last;
  };
}

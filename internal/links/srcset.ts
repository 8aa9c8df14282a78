// The URLs of a `srcset`: a list with commas, of URLs that may have commas themselves.

/** URLs of a srcset attribute, in order, without their descriptors (WHATWG HTML 4.8.4.3.10). */
export function srcsetUrls(srcset: string): string[] {
  const urls: string[] = [];
  let at = 0;
  while (at < srcset.length) {
    while (at < srcset.length && /[\s,]/.test(srcset.charAt(at))) at += 1;
    const start = at;
    while (at < srcset.length && !/\s/.test(srcset.charAt(at))) at += 1;
    let end = at;
    while (end > start && srcset[end - 1] === ",") end -= 1;
    if (end > start) urls.push(srcset.slice(start, end));
    if (end === at) at = descriptorsEnd(srcset, at);
  }
  return urls;
}

// The comma that ends a candidate's descriptors; one in parentheses does not.
function descriptorsEnd(srcset: string, start: number): number {
  let inParentheses = false;
  let at = start;
  for (; at < srcset.length; at += 1) {
    const letter = srcset[at];
    if (letter === "(") inParentheses = true;
    else if (letter === ")") inParentheses = false;
    else if (letter === "," && !inParentheses) break;
  }
  return at;
}

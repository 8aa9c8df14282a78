// The `Link` header, by which many APIs name their next page.

/** A link of the header: `url` as written, not resolved; `rel` in lower case, in order. */
export type HeaderLink = { url: string; rel: string[] };

/**
 * Links of a Link header, several headers being joined by commas (RFC 8288 section 3 and appendix B.2). The first `rel` of
 * a link counts, `rev` does not; links with an `anchor` are about another resource and are left out, as are links without
 * `<...>`. Never throws; linear.
 */
export function parseLinkHeader(value: string): HeaderLink[] {
  const links: HeaderLink[] = [];
  let at = 0;
  while (at < value.length) {
    const open = skip(value, at, /[\s,]/);
    if (value[open] !== "<") {
      at = linkEnd(value, open + 1);
      continue;
    }
    const close = value.indexOf(">", open);
    if (close < 0) break;
    const parameters = new Map<string, string>();
    at = readParameters(value, close + 1, parameters);
    if (parameters.has("anchor")) continue;
    const rel = (parameters.get("rel") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    links.push({ url: value.slice(open + 1, close).trim(), rel });
  }
  return links;
}

// Reads `; name=value` pairs up to the comma after them; the offset after that comma.
function readParameters(value: string, start: number, parameters: Map<string, string>): number {
  let at = skip(value, start, /\s/);
  while (value[at] === ";") {
    const nameStart = skip(value, at + 1, /[\s;]/);
    const nameEnd = skip(value, nameStart, /[^\s=;,]/);
    const name = value.slice(nameStart, nameEnd).toLowerCase();
    at = skip(value, nameEnd, /\s/);
    let text = "";
    if (value[at] === "=") ({ text, end: at } = readValue(value, skip(value, at + 1, /\s/)));
    if (name !== "" && !parameters.has(name)) parameters.set(name, text);
    at = skip(value, at, /\s/);
  }
  return linkEnd(value, at);
}

function readValue(value: string, start: number): { text: string; end: number } {
  if (value[start] !== '"') {
    const end = skip(value, start, /[^\s;,]/);
    return { text: value.slice(start, end), end };
  }
  let text = "";
  let at = start + 1;
  for (; at < value.length && value[at] !== '"'; at += 1) {
    if (value[at] === "\\") at += 1;
    text += value.charAt(at);
  }
  return { text, end: at + 1 };
}

// The offset after the comma that ends a link; commas in quotes do not.
function linkEnd(value: string, start: number): number {
  let at = start;
  while (at < value.length && value[at] !== ",")
    at = value[at] === '"' ? readValue(value, at).end : at + 1;
  return at + 1;
}

function skip(value: string, start: number, what: RegExp): number {
  let at = start;
  while (at < value.length && what.test(value.charAt(at))) at += 1;
  return at;
}

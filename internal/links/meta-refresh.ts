// Where `<meta http-equiv=refresh>` sends the reader.

/** The URL in the content of a meta refresh, or null when it only reloads or is none (WHATWG HTML 4.2.5.3). */
export function refreshUrl(content: string): string | null {
  const match = /^\s*(?:\d|(?=\.))[\d.]*(?:[;,]|\s)(.*)$/s.exec(content);
  if (match === null) return null;
  const rest = (match[1] ?? "").trimStart().replace(/^[;,]/, "").trimStart();
  const named = /^url\s*=(.*)$/is.exec(rest);
  const url = (named?.[1] ?? rest).trimStart();
  const quote = url.charAt(0);
  if (quote !== '"' && quote !== "'") return url.trim() || null;
  const close = url.indexOf(quote, 1);
  return url.slice(1, close < 0 ? undefined : close).trim() || null;
}

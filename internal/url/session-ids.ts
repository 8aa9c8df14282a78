// Session ids in URLs: the server makes a new one for every visitor without a cookie, so a crawler would see each page for
// ever under new addresses. What is taken out is either named by the software that writes it or looks like nothing else.

/** Query parameters that are a session id whatever their value: PHP, Java, osCommerce, Zen Cart. In lower case. */
const certain = new Set(["phpsessid", "jsessionid", "oscsid", "zenid"]);
/** Names that others use too: a session id only when the value is a long token. In lower case. */
const likely = new Set(["sid", "sessid", "sessionid", "session_id", "session"]);

/** A path without `;jsessionid=...` (Servlet 6.0, section 7.1.3) and `/(S(...))` (ASP.NET without cookies). */
export function withoutPathSession(path: string): string {
  return path
    .replace(/;jsessionid=[^;/]*/gi, "")
    .replace(/\/\((?:[ASF]\([\w-]{8,}\))+\)(?=\/)/g, "")
    .replace(/\/\([a-z0-9]{24}\)(?=\/)/g, "");
}

/** The `name=value` pairs of a query that are no session id. */
export function withoutQuerySession(params: string[]): string[] {
  const isColdFusion = has(params, "cfid") && has(params, "cftoken");
  return params.filter((param) => {
    const at = param.indexOf("=");
    if (at < 3) return true;
    const name = param.slice(0, at).toLowerCase();
    if (certain.has(name)) return false;
    if (likely.has(name)) return !isToken(param.slice(at + 1));
    // Classic ASP: eight letters of the application's own behind the name.
    if (/^aspsessionid[a-z]{8}$/.test(name)) return false;
    return !(isColdFusion && (name === "cfid" || name === "cftoken"));
  });
}

function has(params: readonly string[], name: string): boolean {
  return params.some((param) => param.slice(0, name.length + 1).toLowerCase() === `${name}=`);
}

// 16 characters are 64 bits of hex, the least that software uses for a session.
function isToken(value: string): boolean {
  return /^[A-Za-z0-9,_-]{16,256}$/.test(value) && /\d/.test(value);
}

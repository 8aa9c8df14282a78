// What a Content-Type says, by the rules browsers read it by (WHATWG MIME Sniffing, section 4).

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** `type/subtype` of a Content-Type in lower case; "" when it has none, or one that cannot be. */
export function essenceOf(contentType: string): string {
  const essence = (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
  const [type = "", subtype = "", ...rest] = essence.split("/");
  return rest.length === 0 && token.test(type) && token.test(subtype) ? essence : "";
}

/** HTML in either syntax: what links and text are read from. */
export function isHtml(essence: string): boolean {
  return essence === "text/html" || essence === "application/xhtml+xml";
}

/** Types whose bodies are characters, so that a binary signature at their start proves them wrong. */
export function isTextual(essence: string): boolean {
  return /^text\/|[/+](xml|json)$|^application\/(x-)?javascript$/.test(essence);
}

// Which answers' bodies a web source keeps, by what they are. Everything that came leaves a record; a body that is not wanted
// leaves its reason.
import type { ContentRules } from "../model/pipeline.ts";
import { essenceOf, isHtml } from "./media-type.ts";

const archives =
  /^application\/(zip|gzip|x-gzip|x-tar|x-7z-compressed|x-rar-compressed|vnd\.rar|x-bzip2?|x-xz|zstd|java-archive)$/;
const documents =
  /^application\/(msword|rtf|epub\+zip|postscript|vnd\.(ms-(excel|powerpoint|word)|openxmlformats|oasis\.opendocument)[\w.+-]*)$/;
const scripts = /^(text|application)\/(x-)?(javascript|ecmascript)$/;
const isXml = (type: string) => /[/+]xml$/.test(type) && !isHtml(type) && type !== "image/svg+xml";

/** What the names of content rules stand for. Every type has at most one name. */
const named: Record<string, (essence: string) => boolean> = {
  html: isHtml,
  xml: isXml,
  json: (type) =>
    /[/+]json$/.test(type) || /^application\/(x-)?(ndjson|jsonl|jsonlines|json-seq)$/.test(type),
  pdf: (type) => type === "application/pdf",
  css: (type) => type === "text/css",
  script: (type) => scripts.test(type),
  text: (type) =>
    type.startsWith("text/") &&
    !isHtml(type) &&
    !isXml(type) &&
    type !== "text/css" &&
    !scripts.test(type),
  image: (type) => type.startsWith("image/"),
  audio: (type) => type.startsWith("audio/"),
  video: (type) => type.startsWith("video/"),
  font: (type) => /^font\/|^application\/(x-)?font-/.test(type),
  archive: (type) => archives.test(type),
  document: (type) => documents.test(type),
};

export const contentNames: readonly string[] = Object.keys(named);

/** Whether `text` can stand in a list of content rules: a name, or a media type in which `*` is any run. */
export function isContentRule(text: string): boolean {
  return Object.hasOwn(named, text) || /^[\w.+*-]+\/[\w.+*-]+$/.test(text);
}

/** Why the body of an answer with this Content-Type is not kept; null: it is. `skip` wins over `save`. */
export type ContentCheck = (contentType: string) => string | null;

/** The check of a source. A type that is missing or no media type counts as `application/octet-stream`. */
export function contentCheck({ save, skip }: Pick<ContentRules, "save" | "skip">): ContentCheck {
  const saves = save.map(matcherOf);
  const skips = skip.map(matcherOf);
  return (contentType) => {
    const essence = essenceOf(contentType) || "application/octet-stream";
    const isKept =
      saves.some((matches) => matches(essence)) && !skips.some((matches) => matches(essence));
    return isKept ? null : `content type ${essence}`;
  };
}

function matcherOf(rule: string): (essence: string) => boolean {
  const byName = named[rule];
  if (byName !== undefined) return byName;
  const pattern = rule.toLowerCase().replace(/[.+]/g, "\\$&").replaceAll("*", ".*");
  const matching = new RegExp(`^${pattern}$`);
  return (essence) => matching.test(essence);
}

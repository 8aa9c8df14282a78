// What a right crawl of a folder of real documentation comes to. Links are read by parse5 and resolved by the platform's own
// URL: nothing of onpoint's code is used.
import { readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { type DefaultTreeAdapterMap, parse } from "parse5";

type Node = DefaultTreeAdapterMap["node"];
type Element = DefaultTreeAdapterMap["element"];

export type Found =
  | { kind: "file"; file: string; type: string; sizeBytes: number }
  | { kind: "moved"; path: string }
  | { kind: "missing" };

/** By path: what must be in the pages table, and what is not there. */
export type FolderCrawl = { pages: Set<string>; missing: Set<string> };

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".txt": "text/plain",
  ".md": "text/markdown",
  ".json": "application/json",
};
const rels = new Set(["canonical", "next", "prev", "alternate"]);

/** The file that stands for a path with its query; a folder is its index.html. There is no robots.txt. */
export async function lookUp(folder: string, path: string): Promise<Found> {
  const name = nameOf(path);
  if (name === null || name === "/robots.txt") return { kind: "missing" };
  const file = join(folder, name.endsWith("/") ? `${name}index.html` : name);
  const found = await stat(file).catch(() => null);
  if (found === null) return { kind: "missing" };
  if (found.isDirectory()) return { kind: "moved", path: `${path.split("?")[0]}/` };
  const type = types[extname(file)] ?? "application/octet-stream";
  return { kind: "file", file, type, sizeBytes: found.size };
}

function nameOf(path: string): string | null {
  try {
    const name = decodeURIComponent(path.split("?")[0] ?? "");
    return name.includes("\0") ? null : name;
  } catch {
    return null;
  }
}

/** Crawls the files themselves, from `start` on, as far as links lead within the site. */
export async function expectedOfFolder(folder: string, start: string): Promise<FolderCrawl> {
  const crawl: FolderCrawl = { pages: new Set(), missing: new Set() };
  const queue = [start];
  const seen = new Set(queue);
  for (const path of queue) {
    const found = await lookUp(folder, path);
    const links = found.kind === "moved" ? [found.path] : [];
    if (found.kind === "missing") crawl.missing.add(path);
    if (found.kind === "file") {
      const isHtml = found.type.startsWith("text/html");
      const page = isHtml ? readHtml(await readFile(found.file, "utf8"), path) : null;
      if (page?.isWanted !== false) crawl.pages.add(path);
      links.push(...(page?.links ?? []));
    }
    for (const link of links) {
      if (seen.has(link)) continue;
      seen.add(link);
      queue.push(link);
    }
  }
  return crawl;
}

const site = "http://folder.localhost";

/** Paths that a page leads to, and whether it wants to be kept. */
function readHtml(html: string, path: string): { links: string[]; isWanted: boolean } {
  const elements = [...elementsOf(parse(html, { scriptingEnabled: false }))];
  const wishes = elements
    .filter((element) => element.tagName === "meta" && attribute(element, "name") === "robots")
    .map((element) => (attribute(element, "content") ?? "").toLowerCase())
    .join(",");
  const isWanted = !/noindex|none/.test(wishes);
  if (/nofollow|none/.test(wishes)) return { links: [], isWanted };
  const base = elements.find(
    (element) => element.tagName === "base" && attribute(element, "href") !== null,
  );
  const baseUrl = new URL((base && attribute(base, "href")) ?? "", site + path).href;
  const links = elements.flatMap((element) => {
    const href = hrefOf(element);
    const url = href === null ? null : URL.parse(href, baseUrl);
    return url?.host === new URL(site).host && url.protocol === "http:" ? [canonical(url)] : [];
  });
  return { links, isWanted };
}

function* elementsOf(node: Node): Generator<Element> {
  const stack: Node[] = [node];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if ("tagName" in next) yield next;
    if ("childNodes" in next) for (const child of next.childNodes.toReversed()) stack.push(child);
  }
}

function hrefOf(element: Element): string | null {
  const rel = (attribute(element, "rel") ?? "").toLowerCase().split(/\s+/);
  if (rel.includes("nofollow")) return null;
  switch (element.tagName) {
    case "a":
    case "area":
      return attribute(element, "href");
    case "iframe":
    case "frame":
      return attribute(element, "src");
    case "form":
      return /^(?:post|dialog)$/i.test(attribute(element, "method") ?? "")
        ? null
        : attribute(element, "action");
    case "link":
      return rel.some((word) => rels.has(word)) && !rel.includes("stylesheet")
        ? attribute(element, "href")
        : null;
    case "meta":
      return /^refresh$/i.test(attribute(element, "http-equiv") ?? "") ? refreshOf(element) : null;
    default:
      return null;
  }
}

function refreshOf(element: Element): string | null {
  const content = attribute(element, "content") ?? "";
  return /^\s*\d+\s*[;,]\s*(?:url\s*=\s*)?["']?([^"']*)/i.exec(content)?.[1] ?? null;
}

function attribute(element: Element, name: string): string | null {
  return element.attrs.find((each) => each.name === name)?.value ?? null;
}

/** Path and query, with escapes in their normal form. */
function canonical({ pathname, search }: URL): string {
  return (pathname + (search === "?" ? "" : search)).replace(/%[0-9a-f]{2}/gi, (octet) => {
    const char = String.fromCharCode(Number.parseInt(octet.slice(1), 16));
    return /[\w.~-]/.test(char) ? char : octet.toUpperCase();
  });
}

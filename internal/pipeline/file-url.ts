// URLs of the pipeline file: `file:` ones may be relative to its folder, `s3:` ones name a bucket and a prefix.
//
// In a `file:` URL `%XX` stands for a byte (RFC 3986 section 2.1), so that any file can be named.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** What is wrong with a `file:` or `s3:` URL, and what to do; or null. */
export function storageUrlProblem(url: string): { what: string; fix: string } | null {
  if (url.startsWith("file:")) return fileUrlProblem(url);
  if (url.startsWith("s3:")) {
    if (/^s3:\/\/[a-z0-9][a-z0-9._-]{1,61}[a-z0-9](\/[^/\s].*|\/)?$/.test(url)) return null;
    const fix = "Write s3://BUCKET/PREFIX; a bucket is 3 to 63 of a-z, 0-9, dot and hyphen";
    return { what: "is not an s3: URL", fix };
  }
  const path = /^(\.{0,2}\/|\.{1,2}$)/.test(url);
  return {
    what: "is neither a file: nor an s3: URL",
    fix: path ? `Write file:${url}` : "Write file:./FOLDER or s3://BUCKET/PREFIX",
  };
}

function fileUrlProblem(url: string): { what: string; fix: string } | null {
  const path = filePath(url);
  if (path === null) return { what: "has a broken %-escape", fix: "Write a literal % as %25" };
  if (path === "") return { what: "names no path", fix: "Write file:./FOLDER or file:///FOLDER" };
  if (path.includes("\0")) return { what: "contains a NUL byte", fix: "Remove %00" };
  if (path.startsWith("~")) {
    const fix = `Write file:\${HOME}${path.slice(1)}`;
    return { what: 'starts with "~", which has no meaning in a URL', fix };
  }
  if (path.startsWith("//")) {
    return { what: "names another machine", fix: "Write file:///PATH or file:./PATH" };
  }
  return null;
}

/** The path in a `file:` URL, unescaped; null when an escape is broken. */
function filePath(url: string): string | null {
  const path = url.replace(/^file:(\/\/(localhost)?(?=\/))?/, "");
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

/**
 * The URL of one file, folder or prefix in full: `file:` becomes `file:///absolute/path`, resolved against `folder`,
 * `s3:` stays; no slash at the end. Throws on a URL that {@link storageUrlProblem} does not accept.
 */
export function absoluteUrl(url: string, folder: string): string {
  if (!url.startsWith("file:")) return url.replace(/(?<=[^/])\/+$/, "");
  return pathToFileURL(resolve(folder, requiredPath(url))).href;
}

/** Like {@link absoluteUrl} for a set of files: glob characters stay, and those of `folder` itself are taken literally. */
export function absoluteGlob(url: string, folder: string): string {
  if (!url.startsWith("file:")) return url;
  const literal = folder.replace(/[*?[{]/g, "[$&]");
  const encoded = encodeURI(resolve(literal, requiredPath(url)));
  const plain = encoded.replace(/%5B|%5D|%7B|%7D/g, decodeURIComponent);
  return `file://${plain.replaceAll("#", "%23")}`;
}

function requiredPath(url: string): string {
  const path = filePath(url);
  if (path === null) throw new Error(`resolve "${url}": broken %-escape`);
  return path;
}

/** The absolute local path of a path or `file:` URL that may be relative to `folder`. */
export function localPath(pathOrUrl: string, folder: string): string {
  return resolve(folder, pathOrUrl.startsWith("file:") ? requiredPath(pathOrUrl) : pathOrUrl);
}

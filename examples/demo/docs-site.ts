// The documentation of the `npm` package as a web site that asks a crawler for some care.
//
// - `/` links to the three folders; `/commands/`, `/configuring-npm/`, `/using-npm/` link to their pages. These four are
//   made here; the 93 pages are served as they are.
// - robots.txt forbids `/using-npm/`, which most of the other pages link to, but for one page in it.
// - sitemap.xml lists the pages of `/commands/` and `/using-npm/`, so forbidden ones too. Two pages are in no folder's list
//   and in no link (only the sitemap leads there); those of `/configuring-npm/` are in no sitemap (only links lead there).
// - One page has one address, `<folder>/<name>.html`. The pages link to some without `.html`, and to one that is no part of
//   the package: those are redirects (301), so that every link of an allowed page ends at a page.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { docsFolder } from "./data-files.ts";
import type { Site, SiteAnswer, SiteRequest } from "./site.ts";

const forbiddenFolder = "using-npm";
const allowedPage = "/using-npm/registry.html";
const foldersInSitemap = ["commands", "using-npm"];
const pagesOnlyInSitemap = ["/commands/npm-completion.html", "/commands/npm-undeprecate.html"];
const moved: Record<string, string> = { "/about-access-tokens": "/commands/npm-token.html" };

/** The site; its pages are read once, here. */
export function docsSite(): Site {
  const root = docsFolder();
  const pages = new Map<string, string>();
  const folders = readdirSync(root).sort();
  for (const folder of folders) {
    for (const name of readdirSync(join(root, folder)).sort()) {
      if (name.endsWith(".html"))
        pages.set(`/${folder}/${name}`, readFileSync(join(root, folder, name), "utf8"));
    }
  }
  const made = new Map<string, (origin: string) => SiteAnswer>([
    [
      "/",
      () =>
        index(
          "Documentation",
          folders.map((folder) => `/${folder}/`),
        ),
    ],
    ["/robots.txt", robots],
    ["/sitemap.xml", (origin) => sitemap([...pages.keys()], origin)],
  ]);
  for (const folder of folders) {
    const own = [...pages.keys()].filter(
      (path) => path.startsWith(`/${folder}/`) && !pagesOnlyInSitemap.includes(path),
    );
    made.set(`/${folder}/`, () => index(folder, own));
  }
  return ({ path, origin }: SiteRequest) => {
    const page = pages.get(path);
    if (page !== undefined) return html(200, page);
    const target = moved[path] ?? (pages.has(`${path}.html`) ? `${path}.html` : null);
    if (target !== null) return { status: 301, headers: { location: target }, body: "" };
    return (
      made.get(path)?.(origin) ??
      html(404, "<!doctype html><title>Not found</title><h1>Not found</h1>")
    );
  };
}

const html = (status: number, body: string): SiteAnswer => ({
  status,
  headers: { "content-type": "text/html; charset=utf-8" },
  body,
});

function index(title: string, paths: readonly string[]): SiteAnswer {
  const items = paths.map((path) => `<li><a href="${path}">${path}</a></li>`).join("\n");
  return html(
    200,
    `<!doctype html>\n<meta charset="utf-8"><title>${title}</title>\n<h1>${title}</h1>\n<ul>\n${items}\n</ul>\n`,
  );
}

const robots = (origin: string): SiteAnswer => ({
  status: 200,
  headers: { "content-type": "text/plain; charset=utf-8" },
  body: `User-agent: *
Disallow: /${forbiddenFolder}/
Allow: ${allowedPage}

Sitemap: ${origin}/sitemap.xml
`,
});

function sitemap(paths: readonly string[], origin: string): SiteAnswer {
  const listed = paths.filter((path) =>
    foldersInSitemap.some((folder) => path.startsWith(`/${folder}/`)),
  );
  const urls = listed.map((path) => `  <url><loc>${origin}${path}</loc></url>`).join("\n");
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${urls}\n</urlset>\n`;
  return { status: 200, headers: { "content-type": "application/xml" }, body };
}

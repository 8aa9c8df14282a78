// Sitemaps and robots.txt as the server gives them.
import { gzipSync } from "node:zlib";
import { type Host, type Sitemap, urlOf } from "./world.ts";

const escaped = (url: string) => url.replaceAll("&", "&amp;");

/** The body of a sitemap. */
export function sitemapBody({ form, entries }: Sitemap, port: number): Buffer {
  const urls = entries.map((address) => urlOf(address, port));
  switch (form) {
    case "text":
      return Buffer.from(`${urls.join("\r\n")}\n`);
    case "rss":
      return Buffer.from(
        `<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><link>http://decoy.example/decoy/channel</link>` +
          urls
            .map((url) => `<item><title>t</title><link>${escaped(url)}</link></item>`)
            .join("\n") +
          "</channel></rss>",
      );
    case "atom":
      return Buffer.from(
        `<feed xmlns="http://www.w3.org/2005/Atom"><link rel="self" href="http://decoy.example/decoy/self"/>` +
          urls
            .map((url) => `<entry><id>urn:x</id><link href="${escaped(url)}"/></entry>`)
            .join("\n") +
          "</feed>",
      );
    case "index":
      return Buffer.from(
        `<?xml version="1.0" encoding="UTF-8"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">` +
          urls.map((url) => `<sitemap><loc> ${escaped(url)}\n</loc></sitemap>`).join("") +
          "</sitemapindex>",
      );
    case "html":
      return Buffer.from("<!DOCTYPE html><title>Not here</title><a href=/decoy/sitemap>Home</a>");
    case "missing":
      return Buffer.alloc(0);
    case "urlset":
    case "gzip": {
      const xml =
        `\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" ` +
        `xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">\n` +
        urls
          .map(
            (url) =>
              `<url><loc>${escaped(url)}</loc><lastmod>2026-01-0${1 + (url.length % 9)}</lastmod>` +
              "<image:image><image:loc>http://decoy.example/decoy/image</image:loc></image:image></url>",
          )
          .join("\n") +
        "</urlset>";
      return form === "gzip" ? gzipSync(xml) : Buffer.from(xml);
    }
  }
}

/** The text of a host's robots.txt, where there is one. */
export function robotsBody(host: Host, port: number): Buffer {
  const [named] = host.sitemaps.slice(-1);
  const lines = [
    ...host.rules.lines,
    ...(host.delayMs > 0 ? [`Crawl-delay: ${host.delayMs / 1000}`] : []),
    ...(host.namesSitemaps && named ? [`Sitemap: ${urlOf(host.name + named.path, port)}`] : []),
    "",
  ];
  const { robots } = host;
  if (robots === "empty") return Buffer.alloc(0);
  if (robots === "html")
    return Buffer.from("<!DOCTYPE html>\n<html><body>\n<p>Disallow: /\n</body></html>\n");
  if (robots === "rules after a mark") return Buffer.from(`\uFEFF${lines.join("\n")}`);
  if (robots === "gzip") return gzipSync(lines.join("\n"));
  if (robots === "rules in CR") return Buffer.from(lines.join("\r"));
  if (robots === "huge")
    return Buffer.from(`${lines.join("\r\n")}# ${"padding ".repeat(90_000)}\r\n`);
  return Buffer.from(lines.join("\n"));
}

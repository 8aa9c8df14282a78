// What the end-to-end run crawls, inside the cluster: an API of 3000 records in pages of 50, and a site of 150 pages. Runs in a
// pod of the image itself, from a ConfigMap.
import { createServer } from "node:http";

const records = 3000;
const pages = 150;

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "", "http://site");
  const page = Number(/^\/p\/(\d+)$/.exec(url.pathname)?.[1] ?? (url.pathname === "/" ? 0 : -1));
  if (url.pathname === "/items") {
    const from = (Number(url.searchParams.get("page")) - 1) * 50;
    const count = Math.max(0, Math.min(50, records - from));
    const results = Array.from({ length: count }, (_, i) => ({
      id: from + i,
      square: (from + i) ** 2,
    }));
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ results }));
  } else if (page >= 0 && page < pages) {
    const links = [2 * page + 1, 2 * page + 2, 0].map(
      (to) => `<a href="/p/${to % pages}">${to}</a>`,
    );
    const text = `<!doctype html><title>Page ${page}</title><p>${links.join(" ")}`;
    response.writeHead(200, { "content-type": "text/html" }).end(text);
  } else {
    response.writeHead(404).end();
  }
});
server.listen(8080);
process.on("SIGTERM", () => process.exit(0));

// Which answer a request gets: robots.txt in its state, a sitemap, a page, or 404.
import type { ServerResponse } from "node:http";
import { pageBody } from "./page-body.ts";
import { type Sent, sendFault, sendStatus } from "./send-fault.ts";
import { sendPage } from "./send-page.ts";
import { robotsBody, sitemapBody } from "./sitemap-text.ts";
import { type Address, type Host, type Page, type Sitemap, urlOf, type World } from "./world.ts";

const slowRobotsMs = 300;
const fine: Sent = { status: 200, retryAfterMs: null };

/** Answers requests for a world on that port; counts them by address, since faults cease after some. */
export function answerer(
  world: World,
  port: number,
): (answer: ServerResponse, address: Address) => Sent {
  const counts = new Map<Address, number>();
  return (answer, address) => {
    const before = counts.get(address) ?? 0;
    counts.set(address, before + 1);
    const host = world.hosts.get(address.slice(0, address.indexOf("/")));
    if (host === undefined) return sendStatus(answer, 404);
    const path = address.slice(host.name.length);
    if (path === "/robots.txt") return sendRobots(answer, host, before, port);
    const moved = world.hosts.get(world.movedRobots.get(address.split("?hop=")[0] ?? "") ?? "");
    if (moved !== undefined) return sendMovedRobots(answer, moved, address, port);
    const sitemap = host.sitemaps.find((each) => each.path === path);
    if (sitemap !== undefined) return sendSitemap(answer, sitemap, port);
    const page = world.pages.get(address);
    if (page === undefined) return sendStatus(answer, 404);
    if (page.fault !== null && before < page.fault.times) return sendFault(answer, page.fault.name);
    if (page.kind === "redirect") return sendRedirect(answer, page, port);
    sendPage(answer, page.form, pageBody(page, world.options.seed, port));
    return fine;
  };
}

function sendSitemap(answer: ServerResponse, sitemap: Sitemap, port: number): Sent {
  if (sitemap.form === "missing") return sendStatus(answer, 404);
  const type = sitemap.form === "html" ? "text/html" : "application/xml";
  return send(answer, type, sitemapBody(sitemap, port));
}

function sendRobots(answer: ServerResponse, host: Host, before: number, port: number): Sent {
  const error = sendRobotsError(answer, host, before);
  if (error !== null) return error;
  if (host.robotsAt !== null) {
    answer.writeHead(301, { location: urlOf(host.robotsAt, port) }).end();
    return { status: 301, retryAfterMs: null };
  }
  const body = robotsBody(host, port);
  const type = host.robots === "html" ? "text/html" : "text/plain";
  if (host.robots === "gzip") answer.setHeader("content-encoding", "gzip");
  if (host.robots !== "slow") return send(answer, type, body);
  setTimeout(() => send(answer, type, body), slowRobotsMs);
  return fine;
}

function sendRobotsError(answer: ServerResponse, host: Host, before: number): Sent | null {
  const { robots } = host;
  if (robots === "404" || robots === "403") return sendStatus(answer, Number(robots));
  if (robots === "500 for ever") return sendStatus(answer, 500);
  if (robots === "429 for ever") return sendStatus(answer, 429);
  if (robots === "no answer for ever") return sendFault(answer, "no answer");
  if (robots === "reset for ever" || (robots === "reset twice" && before < 2))
    return sendFault(answer, "reset");
  if (robots === "503 twice" && before < 2) return sendStatus(answer, 503);
  if (robots === "429 once" && before < 1) return sendStatus(answer, 429, 1);
  return null;
}

/** The file that a robots.txt redirects to, after four more redirects or never. */
function sendMovedRobots(answer: ServerResponse, host: Host, address: Address, port: number): Sent {
  const [start, hops] = address.split("?hop=") as [string, string | undefined];
  const isLast =
    host.robots === "five redirects" ? hops === "4" : host.robots !== "too many redirects";
  if (isLast) return send(answer, "text/plain", robotsBody(host, port));
  const location = `${urlOf(start, port)}?hop=${Number(hops ?? 0) + 1}`;
  answer.writeHead(302, { location }).end();
  return { status: 302, retryAfterMs: null };
}

function sendRedirect(answer: ServerResponse, page: Page, port: number): Sent {
  const { to, redirectStatus, host, path } = page;
  const url = to === null ? "ftp://files.example/x" : urlOf(to, port);
  // By turns absolute, without a scheme, and relative where it stays on the host.
  const turn = path.length % 3;
  const own = to?.startsWith(`${host}/`) ? to.slice(host.length) : null;
  const location =
    turn === 0 && own !== null ? `${own}#moved` : turn === 1 ? url.replace(/^http:/, "") : url;
  answer.writeHead(redirectStatus, { location }).end("<a href=/decoy/moved>moved</a>");
  return { status: redirectStatus, retryAfterMs: null };
}

function send(answer: ServerResponse, type: string, bytes: Buffer): Sent {
  answer
    .writeHead(200, { "content-type": type, "content-length": String(bytes.length) })
    .end(bytes);
  return fine;
}

// Fetching through real proxies on loopback: tunnels and plain requests, turns, credentials, proxies that do not work.
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Server as NetServer } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Fetcher, openFetcher } from "../../internal/fetch/fetch-page.ts";
import { openRoute } from "../../internal/fetch/open-route.ts";
import { makeCertificates } from "../support/certificates.ts";

const { ca, server: own } = makeCertificates(["site.localhost"]);
const tls = { cert: null, key: null, ca, rejectUnauthorized: true };
const never = new AbortController().signal;
let fetcher: Fetcher;
const servers: Server[] = [];
beforeAll(() => {
  fetcher = openFetcher();
});
afterAll(() => fetcher.close());
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(server: NetServer): Promise<number> {
  servers.push(server as Server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** A proxy that resolves any name to loopback, and remembers what it was asked. */
async function startProxy(password: string | null = null) {
  const seen: string[] = [];
  const wanted = password === null ? undefined : `Basic ${btoa(`user:${password}`)}`;
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (request.headers["proxy-authorization"] !== wanted) response.writeHead(407).end();
    else response.end(`proxied ${request.headers.host}`);
  });
  server.on("connect", (request, socket) => {
    seen.push(`CONNECT ${request.url}`);
    socket.on("error", () => undefined);
    if (request.headers["proxy-authorization"] !== wanted) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    const port = Number(request.url?.split(":").at(-1));
    const target = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      socket.pipe(target).pipe(socket);
    });
    target.on("error", () => socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
    socket.on("close", () => target.destroy());
  });
  return { port: await listen(server), seen };
}

const startSite = () =>
  listen(createTlsServer(own, (request, response) => response.end(`site ${request.url}`)));
const ask = (url: string, route: ReturnType<typeof openRoute>) =>
  fetcher.fetch(url, { headers: {}, route }, never);

test("https: goes through a tunnel, http: is asked of the proxy; its address is not the site's", async () => {
  const [proxy, site] = [await startProxy(), await startSite()];
  const route = openRoute({ proxies: [`http://127.0.0.1:${proxy.port}`], tls });
  const secure = await ask(`https://site.localhost:${site}/a`, route);
  expect([secure.body.toString(), secure.ip]).toEqual(["site /a", null]);
  const plain = await ask("http://site.example/b?c", route);
  expect([plain.body.toString(), plain.request.target]).toEqual(["proxied site.example", "/b?c"]);
  expect(proxy.seen).toEqual([`CONNECT site.localhost:${site}`, "GET http://site.example/b?c"]);
});

test("proxies take turns", async () => {
  const [a, b] = [await startProxy(), await startProxy()];
  const route = openRoute({
    proxies: [`http://127.0.0.1:${a.port}`, `http://127.0.0.1:${b.port}`],
  });
  for (let n = 0; n < 4; n += 1) await ask(`http://site.example/${n}`, route);
  expect([a.seen.length, b.seen.length]).toEqual([2, 2]);
});

test("user and password reach the proxy and no text", async () => {
  const [proxy, site] = [await startProxy("s3cret"), await startSite()];
  const known = openRoute({ proxies: [`http://user:s3cret@127.0.0.1:${proxy.port}`], tls });
  const urls = [`https://site.localhost:${site}/`, "http://site.example/"];
  for (const url of urls) expect((await ask(url, known)).status).toBe(200);
  for (const url of urls) {
    const wrong = openRoute({ proxies: [`http://user:wr0ng@127.0.0.1:${proxy.port}`], tls });
    const error = (await ask(url, wrong).catch((each: unknown) => each)) as Error;
    expect(error.message).toMatch(`the proxy http://127.0.0.1:${proxy.port}: `);
    expect(error.message).toContain("407");
    expect(error.message).not.toContain("wr0ng");
  }
});

test("a proxy that is dead is left out; when all are, the reason names the last", async () => {
  const [gone, alive] = [await startProxy(), await startProxy()];
  servers.splice(0, 1)[0]?.close();
  const dead = `http://127.0.0.1:${gone.port}`;
  const route = openRoute({ proxies: [dead, `http://127.0.0.1:${alive.port}`] });
  for (let n = 0; n < 3; n += 1)
    expect((await ask("http://site.example/", route)).status).toBe(200);
  let sent = 0;
  const onSent = () => {
    sent += 1;
  };
  const asked = { headers: {}, route: openRoute({ proxies: [dead, dead] }), onSent };
  await expect(fetcher.fetch("http://site.example/", asked, never)).rejects.toMatchObject({
    kind: "connect",
    message: expect.stringMatching(`the proxy ${dead}: no connection .*ECONNREFUSED`),
  });
  expect(sent).toBe(0);
});

test("a site that the proxy cannot reach is the site's fault", async () => {
  const proxy = await startProxy();
  const route = openRoute({ proxies: [`http://127.0.0.1:${proxy.port}`], tls });
  await expect(ask("https://site.localhost:1/", route)).rejects.toThrow(
    "no connection to site.localhost:1 (502",
  );
});

test("private addresses that a URL names are refused, through a proxy too", async () => {
  const proxy = await startProxy();
  const route = openRoute({ proxies: [`http://127.0.0.1:${proxy.port}`] });
  await expect(ask("http://169.254.169.254/latest", route)).rejects.toMatchObject({
    kind: "refused",
  });
  expect(proxy.seen).toEqual([]);
});

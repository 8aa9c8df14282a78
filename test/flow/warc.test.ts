// WARC files of a crawl: clean under warcio's check, and what is read back from them is what the server sent.
import { globSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freshFolder, query, runOnpoint } from "../support/run-onpoint.ts";
import { checkWarc, type ReadRecord, readWarc } from "../support/warcio.ts";

const words = "seven words that stand for a page ".repeat(50);
const png = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
const links = ["gz", "br", "chunked", "moved", "png", "long", "copy", "video", "missing", "empty"];
const home = `<!doctype html>${links.map((name) => `<a href=/${name}>x</a>`).join(" ")}`;
/** What each path sends, before codings. */
const bodies: Record<string, Buffer> = {
  "/": Buffer.from(home),
  "/gz": Buffer.from(`<p>gzip ${words}`),
  "/br": Buffer.from(`<p>br ${words}`),
  "/chunked": Buffer.from(`<p>chunked ${words}`),
  "/target": Buffer.from(`<p>target ${words}`),
  "/copy": Buffer.from(`<p>target ${words}`),
  "/png": png,
  "/long": Buffer.from("long ".repeat(2_000)),
  "/video": Buffer.from("not really a video"),
  "/missing": Buffer.from("nothing here"),
  "/empty": Buffer.alloc(0),
};

function answerTo(path: string, answer: ServerResponse): void {
  const body = bodies[path] ?? Buffer.alloc(0);
  const html = { "content-type": "text/html; charset=utf-8", "Set-Cookie": ["a=1", "b=2"] };
  if (path === "/moved") answer.writeHead(301, { location: "/target" }).end();
  else if (path === "/gz")
    answer.writeHead(200, { ...html, "content-encoding": "gzip" }).end(gzipSync(body));
  else if (path === "/br")
    answer.writeHead(200, { ...html, "content-encoding": "br" }).end(brotliCompressSync(body));
  else if (path === "/chunked") {
    answer.writeHead(200, html);
    answer.write(body.subarray(0, 10));
    answer.end(body.subarray(10));
  } else if (path === "/png") answer.writeHead(200, { "content-type": "image/png" }).end(body);
  else if (path === "/video") answer.writeHead(200, { "content-type": "video/mp4" }).end(body);
  else if (path in bodies && path !== "/missing")
    answer.writeHead(200, { ...html, "content-length": body.length }).end(body);
  else answer.writeHead(404, { "content-type": "text/plain" }).end(body);
}

const server = createServer((request, answer) =>
  answerTo((request.url ?? "/").split("?", 1)[0] ?? "", answer),
);
const folder = await freshFolder();
let origin = "";
const records: ReadRecord[] = [];

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://site.localhost:${(server.address() as AddressInfo).port}`;
  await writeFile(
    join(folder.path, "p.yaml"),
    `pipeline: p
sources:
  - name: site
    kind: web
    seeds: ["${origin}/"]
    sitemaps: false
    rate: { perSecond: 200, concurrency: 4 }
    headers: { x-key: secret-in-a-header }
    auth: { query: { name: key, value: secret-in-a-query } }
    content: { skip: [video], maxBytes: 4000 }
    warc: true
    pages: pages
`,
  );
  const { code, stderr } = await runOnpoint(folder.path, ["run", "p.yaml", "--date", "2026-01-01"]);
  expect(code, stderr).toBe(3);
  for (const file of archives()) {
    await checkWarc(file);
    records.push(...(await readWarc(file)));
  }
});

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await folder[Symbol.asyncDispose]();
});

const archives = () => globSync(join(folder.path, "lake/raw/site/dt=2026-01-01/*/*.warc.gz"));
const of = (type: string) => records.filter(({ fields }) => fields["WARC-Type"] === type);
const responseTo = (path: string) =>
  records.filter(
    ({ fields }) =>
      fields["WARC-Target-URI"] === origin + path &&
      /^re(sponse|visit)$/.test(fields["WARC-Type"] ?? ""),
  );

test("every file is named by a receipt of a segment, and tells of itself first", async () => {
  const receipts = globSync(join(folder.path, "lake/_onpoint/runs/p-2026-01-01/crawl/*.json"));
  const named: string[] = [];
  for (const file of receipts) {
    const { archives = [] } = JSON.parse(await readFile(file, "utf8")) as {
      archives?: { path: string }[];
    };
    named.push(...archives.map(({ path }) => join(folder.path, "lake", path)));
  }
  expect(named.sort()).toEqual(archives().sort());
  expect(records[0]?.fields["WARC-Type"]).toBe("warcinfo");
  expect(records[0]?.payload.toString()).toContain("isPartOf: p-2026-01-01/site");
});

test("payloads are what was sent, whatever codings they came in", () => {
  for (const path of ["/", "/gz", "/br", "/chunked", "/png", "/missing", "/empty"]) {
    const [response, ...others] = responseTo(path);
    expect(others).toEqual([]);
    expect(response?.payload, path).toEqual(bodies[path]);
    expect(response?.headers["content-length"]).toBe(String(bodies[path]?.length));
    expect(response?.headers["content-encoding"]).toBeUndefined();
    expect(response?.fields["WARC-IP-Address"]).toBe("127.0.0.1");
  }
  expect(responseTo("/gz")[0]?.headers["x-archive-orig-content-encoding"]).toBe("gzip");
  expect(responseTo("/chunked")[0]?.headers["x-archive-orig-transfer-encoding"]).toBe("chunked");
  expect(responseTo("/moved")[0]).toMatchObject({ head: "301 Moved Permanently" });
  expect(responseTo("/missing")[0]).toMatchObject({ head: "404 Not Found" });
});

test("what is not whole says so", () => {
  const [long] = responseTo("/long");
  expect(long?.fields["WARC-Truncated"]).toBe("length");
  expect(long?.payload).toEqual(bodies["/long"]?.subarray(0, 4_000));
  const [video] = responseTo("/video");
  expect(video?.fields["WARC-Truncated"]).toBe("unspecified");
  expect(video?.payload).toHaveLength(0);
});

test("the same payload again is a revisit of the first", () => {
  const [revisit, ...others] = of("revisit");
  expect(others).toEqual([]);
  const [original] = of("response").filter(
    ({ fields }) => fields["WARC-Record-ID"] === revisit?.fields["WARC-Refers-To"],
  );
  expect([revisit, original].map((record) => record?.fields["WARC-Target-URI"]).sort()).toEqual([
    `${origin}/copy`,
    `${origin}/target`,
  ]);
  expect(original?.payload).toEqual(bodies["/target"]);
  expect(revisit?.fields).toMatchObject({
    "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
    "WARC-Refers-To-Target-URI": original?.fields["WARC-Target-URI"],
    "WARC-Refers-To-Date": original?.fields["WARC-Date"],
    "WARC-Payload-Digest": original?.fields["WARC-Payload-Digest"],
  });
});

test("each answer has its request and metadata, without what is secret", () => {
  const answers = [...of("response"), ...of("revisit")].map((r) => r.fields["WARC-Record-ID"]);
  expect(answers).toHaveLength(12);
  for (const type of ["request", "metadata"]) {
    expect(
      of(type)
        .map(({ fields }) => fields["WARC-Concurrent-To"])
        .sort(),
    ).toEqual([...answers].sort());
  }
  const [request] = of("request");
  expect(request?.head).toBe("/ HTTP/1.1");
  expect(request?.headers).toMatchObject({
    host: new URL(origin).host,
    "user-agent": "onpoint/0.1",
  });
  expect(JSON.stringify(records)).not.toContain("secret-in");
  const metadata = of("metadata").find(
    ({ fields }) => fields["WARC-Target-URI"] === `${origin}/target`,
  );
  expect(metadata?.payload.toString()).toMatch(
    new RegExp(`^via: ${origin}/moved\r\ndepth: 1\r\nfetchTimeMs: \\d+\r\n$`),
  );
});

test("the tables are as without them", async () => {
  const [row] = await query(
    folder.path,
    "SELECT count(*)::INT AS n, count(skipped)::INT AS skipped, sum(truncated::INT)::INT AS cut FROM pages",
  );
  expect(row).toEqual({ n: 10, skipped: 1, cut: 1 });
});

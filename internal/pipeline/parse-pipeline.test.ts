import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { anyText } from "../../test/support/any-text.ts";
import { standardFetchOptions } from "../model/fetch-options.ts";
import type { ApiSource, FilesSource, WebSource } from "../model/pipeline.ts";
import { UsageError } from "../std/errors.ts";
import { parsePipeline } from "./parse-pipeline.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "onpoint-pipeline-"));
  mkdirSync(join(folder, "models"));
  writeFileSync(join(folder, "models/by_day.sql"), "select 1");
});
afterAll(() => rmSync(folder, { recursive: true }));

const parse = (text: string, variables: Record<string, string> = {}) =>
  parsePipeline({
    file: join(folder, "p.yaml"),
    text,
    variables: (name) => (Object.hasOwn(variables, name) ? variables[name] : undefined),
  });

const design = `
pipeline: onpoint_pipeline
schedule: "@daily"
lake: file:./lake
sources:
  - name: quotes
    kind: api
    url: https://api.example.com/v1/quotes
    headers: { accept: application/json }
    auth: { bearer: "\${QUOTES_TOKEN}" }
    params: { limit: 100, v: 1.10 }
    records: $.data[*]
    pagination: { kind: cursor, param: cursor, next: $.meta.next }
    incremental: { param: since, field: updated_at, start: 2026-01-01 }
    rate: { perSecond: 10, concurrency: 4, perDay: 5000, perHour: 900 }
    table: quotes
  - name: books
    kind: web
    seeds: [https://books.example.com/]
    sitemaps: true
    robots: obey
    render: http
    scope: { within: host, include: ["**"], exclude: ["**/cart/**"], maxDepth: 10, maxPages: 100000 }
    rate: { perSecond: 2, concurrency: 2 }
    pages: pages
    extract:
      - table: books
        match: "**/catalogue/*"
        fields: { title: { css: h1 }, price: { css: .price_color, as: decimal }, image: { css: img, attr: src } }
  - name: drops
    kind: files
    urls: ["file:./data/**/*.csv.gz", "s3://bucket/in/*.json"]
    format: auto
    table: flights
tables:
  quotes: { partitionBy: [dt], key: [id], contract: evolve }
etl:
  models: ./models
waitFor:
  - { s3: s3://bucket/in/_SUCCESS, timeout: 2h }
upload:
  to: s3://bucket/onpoint
  simulate: true
  catalog: { glue: { database: onpoint } }
retries: { crawl: 2, process: 1, etl: 0, upload: 3 }
retention: { raw: 30d, parts: 90d, glacierAfter: 180d }
notify: { webhook: "\${HOOK_URL:-}", email: { to: data@example.com, smtp: "\${SMTP_URL:-}" } }
`;

test("the example of the design is accepted as it stands, but for what is not there yet", () => {
  const pipeline = parse(design, { QUOTES_TOKEN: "t0ken" });
  const [quotes, books, drops] = pipeline.sources as [ApiSource, WebSource, FilesSource];
  expect(pipeline).toMatchObject({
    name: "onpoint_pipeline",
    schedule: "@daily",
    lake: `file://${folder}/lake`,
    models: join(folder, "models"),
    waitFor: [{ url: "s3://bucket/in/_SUCCESS", timeoutMs: 7_200_000 }],
    upload: { to: "s3://bucket/onpoint", simulate: true },
    retries: { crawl: 2, process: 1, etl: 0, upload: 3 },
    notify: { webhook: null, email: null },
  });
  expect(quotes.auth).toEqual({ kind: "bearer", token: "t0ken" });
  expect(quotes.rate.budgets).toEqual([
    { per: "hour", requests: 900 },
    { per: "day", requests: 5_000 },
  ]);
  expect(quotes.params).toEqual({ limit: "100", v: "1.10" });
  expect(quotes.incremental).toEqual({
    in: "query",
    param: "since",
    until: null,
    field: "updated_at",
    start: "2026-01-01",
    lookback: 0,
  });
  expect(books.extract[0]?.fields.price).toEqual({
    css: ".price_color",
    attr: null,
    as: "decimal",
    many: false,
  });
  expect(drops.urls).toEqual([`file://${folder}/data/**/*.csv.gz`, "s3://bucket/in/*.json"]);
  expect(Object.keys(pipeline.tables)).toEqual(["quotes", "pages", "books", "flights"]);
  expect(pipeline.warnings.map((text) => text.replace(`${folder}/`, ""))).toEqual([
    'p.yaml:17:5: source "books" has no contact: people who run its sites cannot ask who crawls them; add contact: https://HOST/PATH',
    "p.yaml:44:3: upload.catalog is not acted on in this version: no table is registered",
    "p.yaml:46:1: retention is not acted on in this version: nothing is removed or moved",
  ]);
});

test("what a small file leaves out gets its default", () => {
  const pipeline = parse(`
pipeline: small
sources:
  - { name: a, kind: api, url: "https://a.example/", records: "$[*]", table: t }
  - { name: w, kind: web, seeds: ["https://w.example/"], pages: p }
  - { name: f, kind: files, urls: ["file:in/*.csv"], table: t }
`);
  const [a, w, f] = pipeline.sources as [ApiSource, WebSource, FilesSource];
  expect(a.rate).toEqual({
    perSecond: 10,
    concurrency: 4,
    backoffMs: 1000,
    maxBackoffMs: 300_000,
    busyBackoffMs: 60_000,
    maxBlockMs: 3_600_000,
    maxCrawlDelayMs: 60_000,
    slowFactor: 1,
    perAddress: null,
    budgets: [],
  });
  expect(w.rate).toMatchObject({ perSecond: 2, concurrency: 2 });
  expect(a).toMatchObject({ pagination: { kind: "none" }, maxPages: 100_000, auth: null });
  expect(w).toMatchObject({ sitemaps: true, robots: "obey", render: "http", pages: "p" });
  expect(w.scope).toEqual({
    within: "host",
    include: ["**"],
    exclude: [],
    maxDepth: 10,
    maxPages: 100_000,
  });
  expect(w.traps).toEqual({
    urlLength: 4_096,
    queryLength: 2_048,
    params: 64,
    repeats: 3,
    pagesPerHost: 10_000_000,
    pagesPerPattern: 1_000_000,
    dates: 10_000,
    farDates: 100,
    copies: 100,
  });
  expect(w.content).toEqual({
    save: ["*/*"],
    skip: ["audio", "video", "font"],
    maxBytes: 67_108_864,
  });
  expect(f).toMatchObject({ format: "auto", records: null, urls: [`file://${folder}/in/*.csv`] });
  expect(pipeline).toMatchObject({
    lake: `file://${folder}/lake`,
    schedule: null,
    models: null,
    upload: null,
    waitFor: [],
    warnings: [expect.stringContaining('source "w" has no contact')],
    retries: { crawl: 2, process: 1, etl: 0, upload: 3 },
    notify: { webhook: null, email: null },
  });
  expect(pipeline.tables.t).toEqual({
    partitionBy: [{ name: "dt", expression: null }],
    sortBy: [],
    key: null,
    contract: "evolve",
    conflict: "text",
    compatibility: "none",
    checks: [],
    aliases: {},
    columns: {},
  });
});

test("partitions, columns, paginations and sensors are read in each of their forms", () => {
  const pipeline = parse(`
pipeline: forms
sources:
  - { name: a, kind: api, url: "https://a.example/", records: "$", table: t, pagination: { kind: page, size: 50, sizeParam: n } }
  - { name: b, kind: api, url: "https://a.example/", records: "$", table: t, pagination: { kind: offset, limit: 10 } }
  - { name: c, kind: api, url: "https://a.example/", records: "$", table: t, pagination: { kind: next_url, next: "$['next']" } }
  - { name: d, kind: api, url: "https://a.example/", records: "$", table: t, method: POST, body: { q: { size: 5 } }, pagination: { kind: cursor, in: body, param: q.at, nextHeader: X-Next } }
  - { name: e, kind: api, url: "https://a.example/", records: "$.data.x.nodes", table: t, graphql: { query: "query($after:String) { x }", variables: { n: 1 }, pageInfo: $.data.x.pageInfo } }
tables:
  t:
    partitionBy: [dt, { day: cast(ts as date) }]
    sortBy: [price]
    columns: { price: "DECIMAL(12,2)", tags: "VARCHAR[]" }
waitFor: [{ file: ./in/_SUCCESS }, { url: "file:in/*.csv", timeout: 90s }]
`);
  expect(
    pipeline.sources.map((source) => source.kind === "api" && source.pagination),
  ).toMatchObject([
    { kind: "page", param: "page", start: 1, size: 50, sizeParam: "n" },
    { kind: "offset", param: "offset", limitParam: "limit", limit: 10 },
    { kind: "next_url", next: "$['next']" },
    { kind: "cursor", in: "body", param: "q.at", next: null, nextHeader: "X-Next", more: null },
    {
      kind: "cursor",
      param: "variables.after",
      next: "$.data.x.pageInfo.endCursor",
      more: "$.data.x.pageInfo.hasNextPage",
    },
  ]);
  expect(pipeline.sources.map((source) => source.kind === "api" && source.body)).toEqual([
    null,
    null,
    null,
    { q: { size: 5 } },
    { query: "query($after:String) { x }", variables: { n: 1 } },
  ]);
  expect(pipeline.tables.t).toMatchObject({
    partitionBy: [
      { name: "dt", expression: null },
      { name: "day", expression: "cast(ts as date)" },
    ],
    sortBy: ["price"],
    columns: { price: "DECIMAL(12,2)", tags: "VARCHAR[]" },
  });
  expect(pipeline.waitFor).toEqual([
    { url: `file://${folder}/in/_SUCCESS`, timeoutMs: 3_600_000 },
    { url: `file://${folder}/in/*.csv`, timeoutMs: 90_000 },
  ]);
});

test("a scalar that is one variable gets the type the schema wants; text stays text", () => {
  const text = `
pipeline: typed
sources:
  - name: w
    kind: web
    seeds: ["https://w.example/"]
    pages: p
    sitemaps: "\${MAPS}"
    rate: { perSecond: "\${RATE}", concurrency: "\${CONCURRENCY:-3}" }
    headers: { x-version: "\${VERSION}" }
`;
  const [source] = parse(text, { MAPS: "false", RATE: "0.5", VERSION: "007" }).sources;
  expect(source).toMatchObject({
    sitemaps: false,
    rate: { perSecond: 0.5, concurrency: 3 },
    headers: { "x-version": "007" },
  });
});

test("no value of a variable changes anything but the scalar it stands in", () => {
  fc.assert(
    fc.property(anyText, (value) => {
      const text = `
pipeline: inject
sources:
  - { name: a, kind: api, url: "https://a.example/", records: "$", table: t, params: { q: "<\${X}>", r: 1 } }
`;
      const pipeline = parse(text, { X: value });
      expect((pipeline.sources[0] as ApiSource).params).toEqual({ q: `<${value}>`, r: "1" });
    }),
  );
});

test("any text either is a pipeline or gives one UsageError", () => {
  const pieces = fc.constantFrom(
    ...["pipeline: p", "sources:", "  - name: a", "    kind: api", `    url: \${X}`, "etl: 5"],
    ...["tables: {a: [b}", "  - *a", "&a", ": ", "\t", "!x y", "? [1]", "---", "{", "}", "#"],
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(pieces).map((lines) => lines.join("\n")),
  );
  fc.assert(
    fc.property(text, (content) => {
      try {
        parse(content);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
  );
});

test("how requests travel: defaults, durations, and paths of certificates from the file's folder", () => {
  const source = (more: string) =>
    (
      parse(
        `pipeline: p\nsources:\n  - { name: a, kind: api, url: "http://a/", records: $, table: t${more} }\n`,
      ).sources[0] as ApiSource
    ).fetch;
  // Its answers are streamed.
  const limits = { ...standardFetchOptions.limits, maxBytes: 4 * 1024 ** 3 };
  expect(source("")).toEqual({ ...standardFetchOptions, limits });
  const pem = "-----BEGIN PRIVATE KEY-----x";
  expect(
    source(
      `, contact: "https://a.example/bot", cookies: run, http2: auto, proxy: ["http://p:1"], tls: { cert: certs/c.pem, key: "${pem}", rejectUnauthorized: false }, limits: { maxBytes: 10, total: 1m, redirects: 0 }, network: { allowPrivate: [10.0.0.0/8, db.internal, "::1"] }`,
    ),
  ).toEqual({
    contact: "https://a.example/bot",
    cookies: true,
    http2: true,
    proxies: ["http://p:1"],
    tls: { cert: join(folder, "certs/c.pem"), key: pem, ca: null, rejectUnauthorized: false },
    limits: { ...standardFetchOptions.limits, maxBytes: 10, totalMs: 60_000, redirects: 0 },
    allowPrivate: ["10.0.0.0/8", "db.internal", "::1"],
  });
});

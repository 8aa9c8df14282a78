// An API with a known content, paged in every way there is, that keeps a log of its own. It shares no code with the program:
// what is right is worked out here from what the kinds of paging mean.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { type Random, randomOf } from "../web/random.ts";
import { openQuotas } from "./quota.ts";

export type Item = { id: number; name: string; amount: string };
export type Asked = { kind: string; method: string; target: string; atMs: number; fault: string };

/** What a request gives: the records from `from` on, and where the next page is. */
type Page = { items: Item[]; from: number; next: number | null };
type Answer = { body: unknown; headers?: Record<string, string> };
type Question = { url: URL; body: Record<string, unknown>; headers: IncomingMessage["headers"] };

const faults = [
  ...["429", "500", "502", "503", "504"],
  ...["reset", "truncated", "slow", "silent"],
] as const;

/** What a source asks with at the host that refuses all, and what that host says of it: more than is worth keeping. */
export const refusal = {
  token: "tok-secret-4711",
  body: `No "tok-secret-4711" here. ${"Explained at length, again and again. ".repeat(200)}`,
};

/** The kinds of paging: how a request says where it stands, how an answer says what is next, and what the pipeline says of it. */
export const kinds: Record<
  string,
  {
    source: string;
    fromOf: (asked: Question, size: number) => number;
    answer: (page: Page, origin: string, total: number) => Answer;
    /** Requests that nobody can do without. */
    ideal: (count: number, size: number) => number;
  }
> = {
  page: {
    source: "pagination: { kind: page, size: SIZE, sizeParam: per }",
    fromOf: ({ url }, size) => (Number(url.searchParams.get("page")) - 1) * size,
    answer: ({ items }) => ({ body: { data: items } }),
    ideal: (count, size) => Math.floor(count / size) + 1,
  },
  pagetotal: {
    source: "pagination: { kind: page, size: SIZE, sizeParam: per, total: $.total }",
    fromOf: ({ url }, size) => (Number(url.searchParams.get("page")) - 1) * size,
    answer: ({ items }, _origin, total) => ({ body: { data: items, total } }),
    ideal: (count, size) => Math.max(1, Math.ceil(count / size)),
  },
  offset: {
    source: "pagination: { kind: offset, limit: SIZE, total: $.meta.count }",
    fromOf: ({ url }) => Number(url.searchParams.get("offset")),
    answer: ({ items }, _origin, total) => ({ body: { data: items, meta: { count: total } } }),
    ideal: (count, size) => Math.max(1, Math.ceil(count / size)),
  },
  cursor: {
    source: "pagination: { kind: cursor, next: $.meta.next }",
    fromOf: ({ url }) => decode(url.searchParams.get("cursor")),
    answer: ({ items, next }) => ({ body: { data: items, meta: { next: encode(next) } } }),
    ideal: (count, size) => Math.max(1, Math.ceil(count / size)),
  },
  header: {
    source: "pagination: { kind: cursor, in: header, param: X-Cursor, nextHeader: X-Next-Cursor }",
    fromOf: ({ headers }) => decode((headers["x-cursor"] as string | undefined) ?? null),
    answer: ({ items, next }) => ({
      body: { data: items },
      headers: next === null ? {} : { "x-next-cursor": encode(next) ?? "" },
    }),
    ideal: (count, size) => Math.max(1, Math.ceil(count / size)),
  },
  link: {
    source: "pagination: { kind: link }",
    fromOf: ({ url }) => Number(url.searchParams.get("from") ?? 0),
    answer: ({ items, next }, origin) => ({
      body: { data: items },
      headers: next === null ? {} : { link: `<${origin}/items?from=${next}>; rel="next"` },
    }),
    ideal: (count, size) => Math.max(1, Math.ceil(count / size)),
  },
  nexturl: {
    source: "pagination: { kind: next_url, next: $.next }",
    fromOf: ({ url }) => Number(url.searchParams.get("from") ?? 0),
    answer: ({ items, next }) => ({
      body: { data: items, next: next === null ? null : `/items?from=${next}` },
    }),
    ideal: (count, size) => Math.max(1, Math.ceil(count / size)),
  },
  none: {
    source: "pagination: { kind: none }",
    fromOf: () => 0,
    answer: ({ items }) => ({ body: { data: items } }),
    ideal: () => 1,
  },
  post: {
    source:
      "method: POST, body: { filter: { all: true }, page: { cursor: null } }, pagination: { kind: cursor, in: body, param: page.cursor, next: $.next }",
    fromOf: ({ body }) => {
      const { filter, page } = body as {
        filter: { all: boolean };
        page: { cursor: string | null };
      };
      if (!filter.all) throw new Error("the filter is lost");
      return decode(page.cursor);
    },
    answer: ({ items, next }) => ({ body: { data: items, next: encode(next) } }),
    ideal: (count, size) => Math.max(1, Math.ceil(count / size)),
  },
  graphql: {
    source:
      'graphql: { query: "query($n: Int, $after: String) { items(first: $n, after: $after) { nodes { id } } }", variables: { n: SIZE }, pageInfo: $.data.items.pageInfo }, records: "$.data.items.nodes[*]"',
    fromOf: ({ body }) =>
      decode((body as { variables: { after?: string } }).variables.after ?? null),
    answer: ({ items, next }) => ({
      body: {
        data: {
          items: {
            nodes: items,
            pageInfo: { hasNextPage: next !== null, endCursor: encode(next) },
          },
        },
      },
    }),
    ideal: (count, size) => Math.max(1, Math.ceil(count / size)),
  },
};

// Cursors with all that a URL must escape.
function encode(from: number | null): string | null {
  return from === null ? null : `c/${from}+=&?`;
}
function decode(cursor: string | null): number {
  return cursor === null ? 0 : Number(/^c\/(\d+)\+=&\?$/.exec(cursor)?.[1] ?? Number.NaN);
}

export type ApiOptions = {
  /** Records of a page. */
  size?: number;
  /** Of a kind's requests, roughly one of so many fails, once; 0: none. */
  faultEvery?: number;
  /** Some hosts have quotas, of which they tell. A request beyond one is `over`, and gets a 429. */
  hasQuotas?: boolean;
  /** One more source, whose host answers 422 to all. */
  isRefusing?: boolean;
};

export type ApiWorld = {
  port: number;
  asked: Asked[];
  /** The records of a kind, in order. */
  itemsOf: (kind: string) => readonly Item[];
  idealOf: (kind: string) => number;
  /** A pipeline file with a source for each kind, to a table of its name. */
  yaml: (rate: string) => string;
} & AsyncDisposable;

/** Serves each kind at `<kind>.localhost`. */
export async function openApiWorld(
  seed: number,
  { size = 7, faultEvery = 0, hasQuotas = false, isRefusing = false }: ApiOptions = {},
): Promise<ApiWorld> {
  const random = randomOf("api", seed);
  const items = new Map(Object.keys(kinds).map((kind) => [kind, itemsFor(kind, random)]));
  const itemsOf = (kind: string) => items.get(kind) ?? [];
  const asked: Asked[] = [];
  const failed = new Set<string>();
  const quotas = openQuotas();
  function nextFault(request: string): string {
    if (faultEvery === 0 || failed.has(request) || !random.oneIn(faultEvery)) return "";
    failed.add(request);
    return random.pick(faults);
  }
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const host = request.headers.host ?? "";
    const kind = host.split(".")[0] ?? "";
    const atMs = performance.now();
    const posted = await text(request);
    const target = `${request.url}${posted}${request.headers["x-cursor"] ?? ""}`;
    const quota = hasQuotas ? quotas.spend(kind, atMs) : { headers: {}, isOver: false };
    const fault = quota.isOver ? "over" : nextFault(kind + target);
    asked.push({ kind, method: request.method ?? "", target, atMs, fault });
    const { fromOf, answer: shape } = kinds[kind] as (typeof kinds)[string];
    const url = new URL(request.url ?? "/", `http://${host}`);
    const body = posted === "" ? {} : JSON.parse(posted);
    const all = itemsOf(kind);
    const from = fromOf({ url, body, headers: request.headers }, size);
    const end = kind === "none" ? all.length : from + size;
    const page = { items: all.slice(from, end), from, next: end < all.length ? end : null };
    const shaped = shape(page, url.origin, all.length);
    send(response, fault, JSON.stringify(shaped.body), {
      ...shaped.headers,
      ...quota.headers,
    });
  }
  const server = createServer((request, response) => {
    if (request.headers.host?.startsWith("refused."))
      response.writeHead(422, { "content-type": "text/plain" }).end(refusal.body);
    else
      answer(request, response).catch((error: unknown) =>
        response.writeHead(400).end(String(error)),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    asked,
    itemsOf,
    idealOf: (kind) => kinds[kind]?.ideal(itemsOf(kind).length, size) ?? 0,
    yaml: (rate) => {
      const sources = Object.entries(kinds).map(([kind, { source }]) => {
        const records = source.includes("records:") ? "" : ', records: "$.data[*]"';
        return `  - { name: ${kind}, kind: api, url: "http://${kind}.localhost:${port}/items", ${source.replace("SIZE", String(size))}${records}, ${rate}, limits: { headers: 3s }, table: ${kind} }`;
      });
      if (isRefusing)
        sources.push(
          `  - { name: refused, kind: api, url: "http://refused.localhost:${port}/items", records: "$.data[*]", auth: { bearer: ${refusal.token} }, ${rate}, table: refused }`,
        );
      return `pipeline: api\nsources:\n${sources.join("\n")}\nretries: { crawl: 3 }\n`;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function itemsFor(kind: string, random: Random): Item[] {
  const count = 20 + random.below(120);
  return Array.from({ length: count }, (_, i) => ({
    id: i + 1,
    name: `${kind} ${i} é`,
    amount: (random.next() * 1000).toFixed(2),
  }));
}

function send(
  response: ServerResponse,
  fault: string,
  json: string,
  headers: Record<string, string>,
): void {
  const head = { "content-type": "application/json", ...headers };
  if (fault === "429" || fault === "over" || fault === "503")
    response.writeHead(fault === "503" ? 503 : 429, { ...headers, "retry-after": "1" }).end();
  else if (/^5/.test(fault)) response.writeHead(Number(fault), headers).end("<html>no gateway");
  else if (fault === "silent") return;
  else if (fault === "reset") response.socket?.resetAndDestroy();
  else if (fault === "truncated") {
    response.writeHead(200, { ...head, "content-length": String(Buffer.byteLength(json) + 10) });
    response.write(json, () => response.socket?.end());
  } else setTimeout(() => response.writeHead(200, head).end(json), fault === "slow" ? 300 : 0);
}

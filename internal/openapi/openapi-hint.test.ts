import { expect, test } from "vitest";
import { findOperation } from "./find-operation.ts";
import { withOpenapi } from "./openapi-hint.ts";

const query = (name: string, schema: object) => ({ name, in: "query", schema });
const page = {
  type: "object",
  properties: {
    items: { type: "array", items: { $ref: "#/components/schemas/Item" } },
    paging: { $ref: "#/components/schemas/Paging" },
  },
};
const item = {
  type: "object",
  properties: {
    name: { type: "string" },
    item_id: { type: "integer" },
    updated_at: { type: ["string", "null"], format: "date-time" },
    parent: { $ref: "#/components/schemas/Item" },
    children: { type: "array", items: { $ref: "#/components/schemas/Item" } },
  },
};
const paging = { allOf: [{ type: "object", properties: { next: { type: "string" } } }] };
const answers = (schema: object) => ({
  responses: { 200: { content: { "application/json; charset=utf-8": { schema } } } },
});

function documentOf(get: object, more: object = {}) {
  return {
    openapi: "3.1.0",
    servers: [{ url: "https://{region}.example.com/v1/" }],
    paths: { "/items/{set}": { get }, "/items/all": { get: { ...get, summary: "concrete" } } },
    components: {
      schemas: { Item: item, Paging: paging },
      securitySchemes: {
        key: { type: "apiKey", in: "header", name: "X-Key" },
        app: {
          type: "oauth2",
          flows: { clientCredentials: { tokenUrl: "https://id.example.com/token", scopes: {} } },
        },
      },
    },
    ...more,
  };
}

function hinted(get: object, body: unknown, target = "/v1/items/red", more = {}) {
  const url = new URL(`https://eu.example.com${target}`);
  const document = documentOf(get, more);
  return withOpenapi({ url, headers: {}, document: body }, document, findOperation(document, url));
}
const records = [1, 2].map((n) => ({ item_id: n, name: `n${n}`, updated_at: "2026-01-02" }));

test("an operation is found by servers with variables and templates, a path without a template first", () => {
  const document = documentOf(answers(page));
  const found = (url: string) => findOperation(document, new URL(url));
  expect(found("https://us.example.com/v1/items/red").path).toBe("/items/{set}");
  expect(found("https://us.example.com/v1/items/all/").path).toBe("/items/all");
  expect(found("https://us.example.com/v1/items/all").isElsewhere).toBe(false);
  expect(found("http://127.0.0.1:8080/v1/items/red").isElsewhere).toBe(true);
  expect(() => found("https://us.example.com/items/red")).toThrow(
    /no path of the document fits https:\/\/us.example.com\/items\/red[\s\S]*\/items\/\{set\}, \/items\/all/,
  );
  expect(() => found("https://us.example.com/v1/items/red/blue")).toThrow(/no path/);
  const posted = { ...document, paths: { "/items": { post: {} } } };
  expect(() => findOperation(posted, new URL("https://eu.example.com/v1/items"))).toThrow(
    /no GET for \/items/,
  );
});

test("where the answer shows no more, records, cursor, sizes and keys are the document's", () => {
  const get = {
    ...answers(page),
    parameters: [query("page_token", { type: "string" }), query("limit", { maximum: 500 })],
    security: [{ app: ["read:items"] }],
  };
  const { guess, params, auth, notes } = hinted(get, { items: [], paging: { next: null } });
  expect(guess.lists).toEqual([{ path: "$.items[*]", count: 0 }]);
  expect(guess.paging[0]?.options).toEqual({
    kind: "cursor",
    param: "page_token",
    next: "$.paging.next",
  });
  expect([params, guess.keys[0], guess.cursors[0]]).toEqual([
    { limit: "500" },
    "item_id",
    "updated_at",
  ]);
  expect(auth?.auth).toEqual({
    oauth2: {
      tokenUrl: "https://id.example.com/token",
      clientId: `\${CLIENT_ID}`,
      clientSecret: `\${CLIENT_SECRET}`,
      scope: "read:items",
    },
  });
  expect(notes.pagination).toEqual(["from the document: the answer does not show how it goes on"]);
});

test("what the answer shows counts against the document, and is told", () => {
  const get = { ...answers(page), parameters: [query("page_token", {})] };
  const body = { data: records.map(({ name }) => ({ name })), next_url: "/v1/items/red?p=2" };
  const { guess, notes } = hinted(get, body);
  expect(guess.lists[0]?.path).toBe("$.data[*]");
  expect(guess.paging[0]?.options).toEqual({ kind: "next_url", next: "$.next_url" });
  expect(guess.keys).toEqual(["name"]);
  expect(notes).toEqual({
    records: ["the document says $.items[*], which is no list of objects in the answer"],
    pagination: [
      "the document says cursor ($.paging.next looks like a cursor), the answer does not",
    ],
    table: [
      "the document has item_id, which is no key in the answer",
      "the document has updated_at, which is no time in the answer",
    ],
  });
});

test("numbered pages begin where the document begins them, with pages as large as may be", () => {
  const parameters = [
    query("page", { type: "integer", minimum: 0 }),
    { $ref: "#/components/parameters/size" },
    { ...query("tenant", {}), required: true },
  ];
  const size = query("page_size", { type: "integer", default: 50 });
  const components = { schemas: { Item: item }, parameters: { size } };
  const get = { ...answers({ type: "array", items: item }), parameters };
  const { guess, notes } = hinted(get, records, "/v1/items/red?page=0", { components });
  expect(guess.paging[0]?.options).toEqual({
    kind: "page",
    param: "page",
    sizeParam: "page_size",
    size: 50,
    start: 0,
  });
  expect(notes.url).toEqual(["the document requires tenant"]);
});

test("an API key that goes with another scheme is told of, references in circles and elsewhere are nothing", () => {
  const circle = { $ref: "#/components/schemas/Circle" };
  const components = {
    schemas: { Circle: circle },
    securitySchemes: {
      key: { type: "apiKey", in: "query", name: "k" },
      tls: { type: "mutualTLS" },
    },
  };
  const get = { ...answers(circle), security: [{ key: [], tls: [] }] };
  const { guess, auth, notes } = hinted(get, { data: records }, "/v1/items/red", { components });
  expect(guess.lists[0]?.path).toBe("$.data[*]");
  expect(auth?.auth).toEqual({ query: { name: "k", value: `\${API_KEY}` } });
  expect(notes.auth).toEqual(["the document asks for an API key in query k", "it also names tls"]);
  const remote = { responses: { 200: { $ref: "other.yaml#/r" } } };
  expect(hinted(remote, { data: records }).guess.lists[0]?.path).toBe("$.data[*]");
});

test("schemas that branch into themselves are cut", () => {
  const wide = Object.fromEntries(
    Array.from({ length: 40 }, (_, n) => [`f${n}`, { $ref: "#/components/schemas/Item" }]),
  );
  const components = { schemas: { Item: { type: "object", properties: wide } } };
  const get = answers({ $ref: "#/components/schemas/Item" });
  expect(hinted(get, { data: records }, "/v1/items/red", { components }).guess.keys[0]).toBe(
    "item_id",
  );
});

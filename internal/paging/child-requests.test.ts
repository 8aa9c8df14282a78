import fc from "fast-check";
import { expect, test } from "vitest";
import { apiSource } from "../../test/support/api-source.ts";
import { parseJsonExact } from "../extract/json-exact.ts";
import { childLinks, keyColumn, placeholdersOf } from "./child-requests.ts";

const url = "https://api.example/items/{id}/notes?by={user.name}";
const child = (template = url, keys = placeholdersOf(template)) =>
  apiSource({ kind: "none" }, { name: "notes", url: template, each: { from: "items", keys } });
const parent = { url: "https://api.example/items" };

test("one request for each record, with its values escaped and its keys carried", () => {
  const record = parseJsonExact('{"id":12345678901234567890,"user":{"name":"a/b c?&é"}}');
  const { links, missed } = childLinks(child(), [record], parent);
  expect(missed).toBe(0);
  expect(JSON.parse(JSON.stringify(links))).toEqual([
    {
      url: "https://api.example/items/12345678901234567890/notes?by=a%2Fb%20c%3F%26%C3%A9",
      source: "notes",
      kind: "api",
      depth: 0,
      priority: 0,
      page: 0,
      via: parent.url,
      keys: { _items_id: 12345678901234567000, _items_user_name: "a/b c?&é" },
    },
  ]);
  expect(JSON.stringify(links)).toContain('"_items_id":12345678901234567890');
});

test("a grandchild has the keys of both, and a dotted name is a field before it is a path", () => {
  const likes = child("https://api.example/{_items_id}/{a.b}", ["a.b", "_items_id", "no"]);
  const { links } = childLinks(likes, [{ "a.b": 1, a: { b: 2 } }], {
    ...parent,
    keys: { _items_id: 7 },
  });
  expect(links[0]).toMatchObject({
    url: "https://api.example/7/1",
    keys: { _items_a_b: 1, _items_id: 7, _items_no: null },
  });
});

test.each([null, undefined, "", ".", "..", {}, [1], "\ud800"])(
  "a record whose id is %j has no request and is counted",
  (id) => {
    const found = childLinks(child("https://api.example/{id}"), [{ id }, { id: 1 }], parent);
    expect(found.missed).toBe(1);
    expect(found.links.map((link) => link.url)).toEqual(["https://api.example/1"]);
  },
);

test("any text is one segment of the path, and comes back from it", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, unit: "grapheme" }), (id) => {
      fc.pre(!/^\.{1,2}$/.test(id) && id.isWellFormed());
      const { links } = childLinks(child("https://api.example/x/{id}/y"), [{ id }], parent);
      const [, x, segment = "", y, ...more] = new URL(links[0]?.url ?? "").pathname.split("/");
      expect([x, decodeURIComponent(segment), y, more]).toEqual(["x", id, "y", []]);
    }),
  );
});

test("columns are named for the parent", () => {
  expect(keyColumn("items", "user.name")).toBe("_items_user_name");
  expect(keyColumn("notes", "_items_id")).toBe("_items_id");
});

import { expect, test } from "vitest";
import { withoutParam, withParams } from "./query-params.ts";

test("sets parameters and leaves the others as they are written", () => {
  expect(
    withParams("https://a.example/x?q=a%20b+c&flag&page=1&page=2&p%61ge=3", {
      page: "4",
      "a b": "ü&=",
    }),
  ).toBe("https://a.example/x?q=a%20b+c&flag&page=4&a%20b=%C3%BC%26%3D");
  expect(withParams("https://a.example", { page: "1" })).toBe("https://a.example/?page=1");
  expect(withParams("https://a.example/?a=1", {})).toBe("https://a.example/?a=1");
});

test("removes a parameter", () => {
  expect(withoutParam("https://a.example/?key=1&a=%20&k%65y=2", "key")).toBe(
    "https://a.example/?a=%20",
  );
  expect(withoutParam("https://a.example/?a", "key")).toBe("https://a.example/?a");
});

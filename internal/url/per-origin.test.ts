import { expect, test } from "vitest";
import { perOrigin } from "./per-origin.ts";

test("works each origin out once, and tells those apart that begin alike", () => {
  const asked: string[] = [];
  const originOf = perOrigin((url) => {
    asked.push(url);
    return new URL(url).origin;
  });
  const origins = [
    "http://a.org",
    "http://a.org.evil",
    "http://a.org:81",
    "https://a.org",
    "http://a.or",
  ];
  for (let round = 0; round < 3; round += 1)
    for (const origin of origins)
      for (const path of ["/", "/b/c?d"]) expect(originOf(origin + path)).toBe(origin);
  expect(asked).toEqual(origins.map((origin) => `${origin}/`));
});

test("what is thrown is not kept", () => {
  let isBroken = true;
  const ask = perOrigin(() => {
    if (isBroken) throw new Error("broken");
    return "fine";
  });
  expect(() => ask("http://a.org/")).toThrow("broken");
  isBroken = false;
  expect(ask("http://a.org/")).toBe("fine");
});

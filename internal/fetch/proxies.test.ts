import { expect, test } from "vitest";
import { Proxies } from "./proxies.ts";

test("proxies take turns; one that failed is left out for a minute; when all did, the first to come back is taken", () => {
  const clock = { nowMs: 0 };
  const proxies = new Proxies(["http://a:1", "http://b:2", "http://c:3"], () => clock.nowMs);
  const pick = () => proxies.pick().hostname;
  expect([pick(), pick(), pick(), pick()]).toEqual(["a", "b", "c", "a"]);
  const b = proxies.pick();
  proxies.failed(b);
  expect([pick(), pick(), pick()]).toEqual(["c", "a", "c"]);
  clock.nowMs = 1_000;
  for (const name of ["a", "c"]) {
    let proxy = proxies.pick();
    while (proxy.hostname !== name) proxy = proxies.pick();
    proxies.failed(proxy);
  }
  expect([pick(), pick()]).toEqual(["b", "b"]);
  clock.nowMs = 61_000;
  expect(new Set([pick(), pick(), pick()])).toEqual(new Set(["a", "b", "c"]));
});

test("user and password are kept out of the name", () => {
  const proxy = new Proxies(["https://us%40er:p%3Aw@[::1]"], () => 0).pick();
  expect(proxy).toEqual({
    name: "https://[::1]",
    hostname: "::1",
    port: 443,
    isTls: true,
    authorization: `Basic ${btoa("us@er:p:w")}`,
  });
});

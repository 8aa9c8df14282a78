import { expect, test } from "vitest";
import type { Exchange } from "../fetch/fetch-page.ts";
import type { FrontierLink } from "../model/link.ts";
import { redirectLink } from "./read-answer.ts";

const link: FrontierLink = {
  url: "https://a.test/x/y?q=1",
  source: "s",
  kind: "page",
  depth: 3,
  priority: 2,
};

test.each([
  ["../z#part", "https://a.test/z"],
  ["//b.test", "https://b.test/"],
  // Bytes of UTF-8, and of Latin-1.
  ["/\xc3\xa9", "https://a.test/%C3%A9"],
  ["/\xe9", "https://a.test/%E9"],
  // What a source leaves out of links may be what the server waits for.
  ["/x/y?q=1&utm_source=z", "https://a.test/x/y?q=1&utm_source=z"],
  ["#top", null],
  ["mailto:a@b.test", null],
  ["", null],
])("Location: %j leads to %s", (location, url) => {
  const target = redirectLink(link, { headers: { location } } as unknown as Exchange);
  expect(target?.url ?? null).toBe(url);
  if (target !== null) expect(target).toMatchObject({ depth: 3, via: link.url, redirects: 1 });
});

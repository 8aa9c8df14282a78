import { expect, test } from "vitest";
import { apiSource, byCursor, itemsUrl as url } from "../../test/support/api-source.ts";
import type { Exchange } from "../fetch/fetch-page.ts";
import { weighApiAnswer } from "./weigh-api-answer.ts";

const source = apiSource(byCursor, { failWhen: "$.errors" });
const answer = (body: string, status = 200) =>
  ({ status, headers: {}, body: Buffer.from(body) }) as unknown as Exchange;
const entry = (attempts: number, page = 0) => ({
  link: { url, source: "items", kind: "api", depth: 0, priority: 0, page } as const,
  attempts,
  calm: 0,
});

test.each(["{}", '{"errors":[]}', '{"errors":null}', '{"errors":""}', "<html>"])(
  "no error in %j",
  (body) => {
    const { gate, link } = weighApiAnswer(source, answer(body), entry(0), 2, 0, false);
    expect([gate.kind, link.kind]).toEqual(["ok", "read"]);
  },
);

test("an error inside a 200 is retried, and then a dead letter with what it says", () => {
  const failing = answer('{"errors":[{"message":"slow down"}]}');
  expect(weighApiAnswer(source, failing, entry(1), 2, 0, false)).toEqual({
    gate: { kind: "fault" },
    link: { kind: "again", costs: true },
  });
  expect(weighApiAnswer(source, failing, entry(2), 2, 0, false).link).toEqual({
    kind: "dead",
    reason: 'the answer is an error (failWhen), after 3 attempts: {"message":"slow down"}',
  });
  expect(weighApiAnswer(apiSource(byCursor), failing, entry(2), 2, 0, false).link.kind).toBe(
    "read",
  );
});

test("a filter says which answers are errors", () => {
  const byStatus = apiSource(byCursor, { failWhen: '$[?@ == "ERROR"]' });
  const kind = (body: string) =>
    weighApiAnswer(byStatus, answer(body), entry(0), 0, 0, false).link.kind;
  expect(kind('{"status":"ERROR"}')).toBe("dead");
  expect(kind('{"status":"OK"}')).toBe("read");
});

test("410 behind the first page is an expired cursor, and not tried again", () => {
  const reasonOf = (page: number) =>
    weighApiAnswer(source, answer("", 410), entry(0, page), 2, 0, false).link;
  expect(reasonOf(3)).toMatchObject({ kind: "dead", reason: expect.stringContaining("expired") });
  expect(reasonOf(0)).toEqual({ kind: "dead", reason: "HTTP 410" });
});

test("with a key of its table a walk whose cursor expired begins anew, three times", () => {
  const linkOf = (walk: number) => {
    const later = { ...entry(0, 3), link: { ...entry(0, 3).link, first: { url }, walk } };
    return weighApiAnswer(source, answer("", 410), later, 2, 0, true).link;
  };
  expect([0, 1, 2].map(linkOf)).toEqual([{ kind: "anew" }, { kind: "anew" }, { kind: "anew" }]);
  expect(linkOf(3)).toMatchObject({ kind: "dead", reason: expect.stringContaining("3 times") });
});

import { expect, test } from "vitest";
import { UsageError } from "../std/errors.ts";
import { orderModels } from "./order-models.ts";
import { readyModels } from "./plan-models.ts";

/** Models by name; the SQL is the list of the tables it reads. */
const order = (reads: Record<string, string>, known: string[] = ["src"]) =>
  orderModels(
    Object.entries(reads).map(([name, sql]) => ({
      name,
      sql,
      file: `${name}.sql`,
      partitionBy: [],
      tests: [],
    })),
    (sql) => sql.split(" "),
    new Set(known),
  );

test("each model comes after those it reads, whatever their names", () => {
  const ordered = order({ a: "c b", b: "SRC", c: "b src", d: "src" });
  expect(ordered.map(({ model }) => model.name)).toEqual(["b", "c", "a", "d"]);
  expect(ordered[0]?.reads).toEqual(["src"]);
});

test.each([
  [{ a: "a" }, 'model "a" reads itself'],
  [{ a: "nothing" }, 'model "a" reads "nothing", which no source or model makes'],
  [{ a: "b", b: "c", c: "a", d: "src" }, "models read each other in a circle: a -> b -> c -> a"],
])("%j is refused", (reads, message) => {
  expect(() => order(reads)).toThrow(UsageError);
  expect(() => order(reads)).toThrow(message);
});

test("a model is ready when all it reads is there; the same tables give the same names", () => {
  const models = order({ a: "src", b: "a src" });
  const table = (file: string) => ({ files: [file], columns: [] });
  const plan = (src: string | null, made: string | null) =>
    readyModels(
      models,
      () => (src ? table(src) : null),
      () => (made ? table(made) : null),
      (name) => name,
    );
  expect(plan(null, null)).toEqual([]);
  expect(plan("1", null).map((task) => task.model)).toEqual(["a"]);
  expect(plan("1", "2").map((task) => task.model)).toEqual(["a", "b"]);
  expect(plan("1", "2")).toEqual(plan("1", "2"));
  expect(plan("1", "3")[0]?.task).toBe(plan("1", "2")[0]?.task);
  expect(plan("1", "3")[1]?.task).not.toBe(plan("1", "2")[1]?.task);
});

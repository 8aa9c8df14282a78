// `onpoint schemas` on a lake whose registry was written by hand.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Column, registerSchema, schemaVersions } from "../internal/catalog/schemas.ts";
import { tableSettingsPath } from "../internal/model/lake-paths.ts";
import type { Objects } from "../internal/objects/objects.ts";
import { openFileObjects } from "../internal/objects/objects-file.ts";
import { UsageError } from "../internal/std/errors.ts";
import { schemasCheckCommand } from "./check-schemas.ts";
import { schemasDiffCommand, schemasListCommand, schemasShowCommand } from "./schemas.ts";

let folder = "";
let lake: Objects;
let url = "";
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "onpoint-schemas-"));
  url = pathToFileURL(join(folder, "lake")).href;
  lake = await openFileObjects(url);
  mkdirSync(join(folder, "state"));
  vi.stubEnv("ONPOINT_STATE", join(folder, "state"));
  vi.stubEnv("ONPOINT_LAKE", "");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await lake.close();
  rmSync(folder, { recursive: true, force: true });
});

const columns = (types: Record<string, string>): Column[] =>
  Object.entries(types).map(([name, type]) => ({ name, type }));
const register = (table: string, types: Record<string, string>) =>
  registerSchema(lake, table, columns(types), (_, next) => next);
const hold = (table: string, source: string, compatibility: string) =>
  lake.put(tableSettingsPath(table, source), JSON.stringify({ rules: { compatibility } }));
const usage = async (result: Promise<unknown>): Promise<string> => {
  const error = await result.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).message;
};
const write = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

/** `orders` in three versions: `amount` widened, then `note` came. */
async function saveOrders(): Promise<void> {
  await register("orders", { id: "BIGINT", amount: "BIGINT" });
  await register("orders", { id: "BIGINT", amount: "DOUBLE" });
  await register("orders", { id: "BIGINT", amount: "DOUBLE", note: "VARCHAR" });
}

describe("ls, show and diff", () => {
  it("tell the tables, and any version of one", async () => {
    expect((await schemasListCommand({ lake: url })).text).toContain("no schemas are registered");
    expect(await usage(schemasShowCommand("orders", { lake: url }))).toContain("no table has one");
    await saveOrders();
    await register("users", { id: "UUID" });
    await hold("orders", "shop", "backward");
    expect((await schemasListCommand({ lake: url })).json).toEqual([
      { table: "orders", version: 3, columns: 3, compatibility: ["backward"] },
      { table: "users", version: 1, columns: 1, compatibility: [] },
    ]);
    const shown = await schemasShowCommand("orders", { lake: url, version: "1" });
    expect(shown.json).toEqual({
      table: "orders",
      version: 1,
      columns: columns({ id: "BIGINT", amount: "BIGINT" }),
    });
    expect(shown.text).toContain("version 1 of 3");
    expect(await usage(schemasShowCommand("order", { lake: url }))).toContain(
      "did you mean orders",
    );
    expect(await usage(schemasShowCommand("orders", { lake: url, version: "9" }))).toContain(
      "1 to 3",
    );
    expect(await usage(schemasShowCommand("orders", { lake: url, version: "new" }))).toContain(
      '"new" is no version',
    );
  });

  it("tell what the newest version changed, or any other, and who reads whom", async () => {
    await saveOrders();
    const diff = (from?: string, to?: string) =>
      schemasDiffCommand("orders", from, to, { lake: url });
    expect((await diff()).json).toMatchObject({
      ...{ from: 2, to: 3, isBackward: true, isForward: true },
      changes: [{ kind: "added", column: "note", type: "VARCHAR" }],
    });
    const { text, json } = await diff("v1");
    expect(json).toMatchObject({ from: 1, to: 3, isBackward: true, isForward: false });
    expect(text.split("\n")).toEqual([
      "orders, from version 1 to 3",
      "  ~ amount BIGINT -> DOUBLE",
      "  + note VARCHAR",
      "version 3 reads all rows of version 1",
      "version 1 does not read all rows of version 3",
    ]);
    expect((await diff("0", "1")).text).toContain("  + id BIGINT\n  + amount BIGINT\n");
    expect((await diff("3", "3")).text).toContain("no change");
    expect(await usage(diff("4"))).toContain("FROM: there is no version 4");
  });
});

describe("check of a schema", () => {
  const propose = (types: Record<string, string>, table = "orders") =>
    write("next.json", JSON.stringify({ table, version: 3, columns: columns(types) }));
  const check = (path: string, compatibility?: string) =>
    schemasCheckCommand(path, {
      lake: url,
      ...(compatibility === undefined ? {} : { compatibility }),
    });

  it("holds it to what the last runs held the table to", async () => {
    await saveOrders();
    const narrower = propose({ id: "BIGINT", amount: "BIGINT", note: "text" });
    expect(await usage(check(narrower))).toContain("--compatibility");
    await hold("orders", "shop", "backward");
    const { text, json, exitCode } = await check(narrower);
    expect(exitCode).toBe(1);
    expect(json).toMatchObject({ isCompatible: false, tables: [{ table: "orders", version: 3 }] });
    expect(text).toBe(
      'orders: breaks version 3 (compatibility: backward)\n  ! column "amount": BIGINT does not hold the DOUBLE values of version 3 (backward)',
    );
    expect((await check(narrower, "forward")).exitCode).toBe(0);
    expect((await check(narrower, "none")).text).toContain("ok, version 4 would come");
    expect(await usage(check(narrower, "ful"))).toContain("full_transitive");
  });

  it("looks at all versions where that is asked", async () => {
    await saveOrders();
    const next = propose({ id: "BIGINT", amount: "DOUBLE" });
    expect((await check(next, "forward")).exitCode).toBe(0);
    const { text, exitCode } = await check(next, "forward_transitive");
    expect(exitCode).toBe(1);
    expect(text).toContain("version 1 has BIGINT, which does not hold DOUBLE values (forward)");
  });

  it("lets pass what is registered, as show prints it, and a table that is new; registers nothing", async () => {
    await saveOrders();
    const { json } = await schemasShowCommand("orders", { lake: url });
    const same = write("same.json", JSON.stringify(json));
    expect((await check(same, "full_transitive")).text).toContain("ok, version 3 stays");
    expect((await check(propose({ a: "DATE" }, "new"))).text).toBe("new: ok, new\n  + a DATE");
    expect(await schemaVersions(lake, "orders")).toHaveLength(3);
    expect(await schemaVersions(lake, "new")).toEqual([]);
  });

  it("prints no control character of a column's name", async () => {
    await register("orders", { "a\u001b[2J": "DOUBLE" });
    const next = (type: string) => propose({ "a\u001b[2J": type, "b\n": "DATE" });
    const texts = [await check(next("DOUBLE"), "full"), await check(next("DATE"), "full")];
    for (const { text } of texts) expect(text).not.toContain("\u001b");
    expect(texts[0]?.text.split("\n")).toHaveLength(2);
  });

  it("says what is wrong with the file", async () => {
    expect(await usage(check(write("a.json", "[")))).toContain("not JSON");
    expect(await usage(check(write("a.json", '{"table":"t","columns":[{"name":"a"}]}')))).toContain(
      "columns.0.type",
    );
    expect(await usage(check(propose({ a: "BIGINT", A: "DATE" })))).toContain('"a" is there twice');
    expect(await usage(check(propose({ a: "INTEGR" })))).toContain('"INTEGR" is not a type');
    expect(await usage(check(join(folder, "none.json")))).toContain("there is no such schema file");
  });
});

describe("check of a pipeline", () => {
  const pipeline = (table: string) =>
    write(
      "p.yaml",
      `pipeline: p\nlake: ${url}\nsources:\n  - { name: shop, kind: files, urls: ["file:./in/*.csv"], table: orders }\ntables:\n  orders: ${table}\n`,
    );
  const check = (table: string) => schemasCheckCommand(pipeline(table), {});

  it("tells what its declared columns would change, in its own lake", async () => {
    await saveOrders();
    const { text, json, exitCode } = await check(
      "{ compatibility: backward, columns: { amount: VARCHAR, at: DATE, text: { type: VARCHAR, aliases: [note] } } }",
    );
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({ isCompatible: true, tables: [{ version: 3, breaks: [] }] });
    expect(text.split("\n")).toEqual([
      "orders: ok, version 4 would come (compatibility: backward)",
      "  ~ amount DOUBLE -> VARCHAR",
      "  ~ text, was note",
      "  + at DATE",
    ]);
    expect((await check("{}")).text).toBe("orders: ok, version 3 stays (compatibility: none)");
    expect(await schemaVersions(lake, "orders")).toHaveLength(3);
  });

  it("fails for every column that a run would refuse", async () => {
    await saveOrders();
    const { json, exitCode } = await check(
      "{ compatibility: full, contract: freeze, columns: { id: DATE, amount: VARCHAR } }",
    );
    expect(exitCode).toBe(1);
    const [table] = (json as { tables: { breaks: string[] }[] }).tables;
    expect(table?.breaks).toEqual([
      expect.stringContaining('"id" is declared as DATE and registered as BIGINT'),
      expect.stringContaining("not full compatible"),
    ]);
  });

  it("knows tables that are new, and files that are wrong", async () => {
    expect((await check("{}")).text).toContain("orders: ok, new, with the columns of its rows");
    expect(await usage(check("{ compatibility: most }"))).toContain("expected none, backward");
    const options = { compatibility: "full" };
    expect(await usage(schemasCheckCommand(pipeline("{}"), options))).toContain("in it");
  });
});

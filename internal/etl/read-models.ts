// SQL models: one SELECT a file, settings in its leading comments, tests beside. The name of the file is the name of the table.
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { PartitionColumn } from "../model/pipeline.ts";
import { UsageError } from "../std/errors.ts";

export type ModelTest = { name: string; sql: string };
export type Model = {
  name: string;
  file: string;
  sql: string;
  partitionBy: PartitionColumn[];
  tests: ModelTest[];
};

/** Reads `<folder>/*.sql` and `<folder>/tests/<model>.<test>.sql`, sorted by name. Throws UsageError. */
export async function readModels(folder: string): Promise<Model[]> {
  const models: Model[] = [];
  const tests = await sqlFiles(join(folder, "tests"), true);
  for (const file of await sqlFiles(folder, false)) {
    const name = basename(file, ".sql");
    if (!/^[a-z_][a-z0-9_]*$/.test(name) || /^quarantine(_|$)/.test(name)) {
      throw new UsageError(
        `"${name}" cannot be the name of a table`,
        file,
        "use lower-case letters, digits and _",
      );
    }
    const text = await readFile(file, "utf8");
    const own = tests.filter((test) => basename(test).startsWith(`${name}.`));
    models.push({
      name,
      file,
      sql: stripEnd(text),
      partitionBy: settingOf(text, "partitionBy")
        .split(",")
        .map((column) => column.trim())
        .filter((column) => column !== "")
        .map((column) => ({ name: column, expression: null })),
      tests: await Promise.all(
        own.map(async (test) => ({
          name: basename(test, ".sql").slice(name.length + 1),
          sql: stripEnd(await readFile(test, "utf8")),
        })),
      ),
    });
  }
  const names = new Set(models.map((model) => model.name));
  for (const test of tests) {
    const model = basename(test).split(".")[0] ?? "";
    if (!names.has(model))
      throw new UsageError(
        `there is no model "${model}" for this test`,
        test,
        `name it <model>.<test>.sql`,
      );
  }
  return models;
}

async function sqlFiles(folder: string, optional: boolean): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith(".sql"))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    if (optional && (error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw unreadable(folder, error);
  }
}

function unreadable(folder: string, cause: unknown): UsageError {
  const what = `the models' folder cannot be read (${(cause as NodeJS.ErrnoException).code})`;
  return new UsageError(what, folder, "set etl.models to a folder with *.sql files", { cause });
}

/** A `-- name: value` line before the first statement. */
function settingOf(text: string, name: string): string {
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const comment = /^\s*--\s*(.*)$/.exec(line)?.[1];
    if (comment === undefined) return "";
    const [key, ...value] = comment.split(":");
    if (key?.trim() === name) return value.join(":").trim();
  }
  return "";
}

function stripEnd(sql: string): string {
  return sql.trim().replace(/;\s*$/, "");
}

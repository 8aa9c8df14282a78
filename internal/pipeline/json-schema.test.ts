import { expect, test } from "vitest";
import { pipelineJsonSchema } from "./json-schema.ts";

/** Every property in a JSON Schema, with its path. */
function* properties(schema: unknown, path = ""): Generator<[string, Record<string, unknown>]> {
  if (typeof schema !== "object" || schema === null) return;
  for (const [key, value] of Object.entries(schema)) {
    if (key === "properties" && typeof value === "object") {
      for (const [name, property] of Object.entries(value as Record<string, object>)) {
        yield [`${path}.${name}`, { ...property }];
        yield* properties(property, `${path}.${name}`);
      }
    } else yield* properties(value, path);
  }
}

test("every key of the file has a description", () => {
  const all = [...properties(pipelineJsonSchema())];
  expect(all.length).toBeGreaterThan(90);
  expect(all.filter(([, { description }]) => !description).map(([path]) => path)).toEqual([]);
});

test("unknown keys are refused, and numbers may be variables", () => {
  const schema = pipelineJsonSchema() as Record<string, unknown>;
  expect(schema).toMatchObject({ additionalProperties: false, required: ["pipeline", "sources"] });
  const [, crawl] = [...properties(schema)].find(([path]) => path === ".retries.crawl") ?? [];
  expect(crawl).toMatchObject({
    anyOf: [{ type: "integer", minimum: 0, maximum: 100 }, { type: "string" }],
  });
});

// The JSON Schema of the pipeline file, for editors.
import { z } from "zod";
import { pipelineSchema } from "./pipeline-schema.ts";

/**
 * JSON Schema (draft-07, what YAML editors speak best) with a description on every key. Numbers, booleans and choices
 * may also be written as one `${VAR}`.
 */
export function pipelineJsonSchema(): object {
  const schema = z.toJSONSchema(pipelineSchema, {
    target: "draft-7",
    io: "input",
    override: ({ jsonSchema }) => allowVariable(jsonSchema),
  });
  return { title: "onpoint pipeline", ...schema };
}

type Schema = z.core.JSONSchema.BaseSchema;

function allowVariable(schema: Schema): void {
  // YAML reads `limit: 100` as a number; the parser takes the text of it.
  const { additionalProperties: values } = schema;
  if (typeof values === "object" && values.type === "string" && values.pattern === undefined) {
    schema.additionalProperties = { ...values, type: ["string", "number", "boolean"] };
  }
  const isNumber = schema.type === "number" || schema.type === "integer";
  if (!isNumber && schema.type !== "boolean" && !schema.enum) return;
  const { description, ...own } = schema;
  for (const key of Object.keys(schema)) Reflect.deleteProperty(schema, key);
  if (description !== undefined) schema.description = description;
  schema.anyOf = [own, { type: "string", pattern: "^\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}$" }];
}

// Which keys the schema knows at a place of the file: what an unknown key was meant to be.
import { z } from "zod";
import type { Path } from "./yaml-document.ts";

/** Keys of the mapping at `path` in `value`, as `schema` has them; empty where any key may stand. */
export function keysAt(schema: z.core.$ZodType, path: Path, value: unknown): string[] {
  const inner = unwrap(schema, value);
  const [step, ...rest] = path;
  if (step === undefined) return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
  const child = childOf(inner, step);
  const next = typeof value === "object" && value !== null ? Reflect.get(value, step) : undefined;
  return child ? keysAt(child, rest, next) : [];
}

function unwrap(schema: z.core.$ZodType, value: unknown): z.core.$ZodType {
  if (schema instanceof z.ZodOptional) return unwrap(schema.def.innerType, value);
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const options: readonly z.core.$ZodType[] = schema.options;
    return options.find((option) => kindOf(option) === kindIn(value)) ?? schema;
  }
  if (schema instanceof z.ZodUnion && typeof value === "object") {
    const options: readonly z.core.$ZodType[] = schema.options;
    return options.find((option) => option instanceof z.ZodObject) ?? schema;
  }
  return schema;
}

function kindOf(schema: z.core.$ZodType): unknown {
  const kind = schema instanceof z.ZodObject ? schema.shape.kind : undefined;
  return kind instanceof z.ZodLiteral ? kind.value : undefined;
}

function kindIn(value: unknown): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, "kind") : undefined;
}

function childOf(schema: z.core.$ZodType, step: string | number): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[step];
  if (schema instanceof z.ZodArray) return schema.element as z.core.$ZodType;
  if (schema instanceof z.ZodRecord) return schema.valueType as z.core.$ZodType;
  return undefined;
}

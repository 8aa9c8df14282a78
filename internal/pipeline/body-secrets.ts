// Which values of what a source POSTs are secrets: those with a variable in them, and those under names such as `password`.
import { isSecretName } from "../telemetry/redact.ts";
import type { Path, YamlDocument } from "./yaml-document.ts";

/** Texts that must not be written down. `path`: of the source's `body` or `graphql` in the file; `value`: what is there. */
export function bodySecrets(document: YamlDocument, path: Path, value: unknown): string[] {
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([key, item]) =>
      bodySecrets(document, [...path, Array.isArray(value) ? Number(key) : key], item),
    );
  const isNamed = path.some((step) => typeof step === "string" && isSecretName(step));
  const isSecret =
    document.place(path)?.isSecret === true || (isNamed && typeof value === "string");
  return isSecret && value !== null && value !== "" ? [String(value)] : [];
}

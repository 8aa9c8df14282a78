// Whether an object has only fields that the API server knows, each of the right kind: the API's types as the client has
// them. What is missing is not found here; the API server of `make e2e` finds it.
import * as api from "@kubernetes/client-node";

type Attribute = { baseName: string; type: string };
type Model = { getAttributeTypeMap(): Attribute[] };

const models = api as unknown as Record<string, Partial<Model> | undefined>;

/** Places and faults of an object as YAML has it; kinds that the API's own groups do not have are left out. */
export function fieldFaults(object: { apiVersion: string; kind: string }): string[] {
  const version = object.apiVersion.split("/").at(-1) ?? "";
  const name = `${version.charAt(0).toUpperCase()}${version.slice(1)}${object.kind}`;
  const isOurs = /^(v1|(apps|batch|policy)\/v1|[a-z.]+\.k8s\.io\/v1)$/.test(object.apiVersion);
  if (isOurs && models[name] === undefined) return [`${object.kind}: no such kind`];
  return isOurs ? faultsOf(object, name, object.kind) : [];
}

function faultsOf(value: unknown, type: string, at: string): string[] {
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list !== undefined) {
    if (!Array.isArray(value)) return [`${at}: not a list`];
    return value.flatMap((item, i) => faultsOf(item, list, `${at}[${i}]`));
  }
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (map !== undefined) {
    if (!isObject(value)) return [`${at}: not a map`];
    return Object.entries(value).flatMap(([key, item]) => faultsOf(item, map, `${at}.${key}`));
  }
  if (type === "IntOrString") return oneOf(value, ["string", "number"], at);
  if (type === "number" || type === "string" || type === "boolean") return oneOf(value, [type], at);
  const attributes = models[type]?.getAttributeTypeMap?.();
  if (attributes === undefined) return [];
  if (!isObject(value)) return [`${at}: not an object`];
  return Object.entries(value).flatMap(([key, item]) => {
    const known = attributes.find(({ baseName }) => baseName === key);
    return known === undefined
      ? [`${at}.${key}: no such field`]
      : faultsOf(item, known.type, `${at}.${key}`);
  });
}

function oneOf(value: unknown, types: string[], at: string): string[] {
  return types.includes(typeof value) ? [] : [`${at}: ${JSON.stringify(value)} is no ${types[0]}`];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

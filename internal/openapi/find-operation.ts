// Which operation of an OpenAPI document answers a URL: by its servers and path templates, as the specification has it
// (https://spec.openapis.org/oas/v3.1.0, Server Object and Paths Object).
import { UsageError } from "../std/errors.ts";
import { isJson, type Json, listOf, resolved } from "./read-openapi.ts";

/** `parameters`: of the path and the operation, resolved. `isElsewhere`: no server of the document is at the URL's origin. */
export type Operation = {
  path: string;
  operation: Json;
  parameters: Json[];
  isElsewhere: boolean;
};

type Match = { path: string; item: Json; isElsewhere: boolean };

/** The GET operation. Throws UsageError when no path fits, or the one that does has no GET. */
export function findOperation(document: Json, url: URL): Operation {
  const matches = Object.entries(isJson(document.paths) ? document.paths : {}).flatMap(
    ([path, given]): Match[] => {
      const item = resolved(document, given);
      const fit = item === null ? null : fitOf(document, item, path, url);
      return item === null || fit === null ? [] : [{ path, item, isElsewhere: fit === "path" }];
    },
  );
  matches.sort(
    (a, b) =>
      Number(a.isElsewhere) - Number(b.isElsewhere) ||
      // A path without a template goes before those with one.
      variablesOf(a.path) - variablesOf(b.path),
  );
  const best = matches.find(({ item }) => isJson(item.get));
  const at = `${url.origin}${url.pathname}`;
  if (best === undefined && matches[0] !== undefined)
    throw new UsageError(
      `the document has no GET for ${matches[0].path}`,
      "--openapi",
      "Give the URL of an operation that is read by GET, or write the source by hand",
    );
  if (best === undefined)
    throw new UsageError(
      `no path of the document fits ${at}`,
      "--openapi",
      `It has ${pathsTold(document)}; check the URL, and the base path of its servers`,
    );
  const operation = best.item.get as Json;
  // What the operation says of a parameter comes last, and counts.
  const parameters = new Map(
    [...listOf(best.item.parameters), ...listOf(operation.parameters)]
      .map((each) => resolved(document, each))
      .filter((each) => each !== null)
      .map((each) => [`${each.in} ${each.name}`, each]),
  );
  const { path, isElsewhere } = best;
  return { path, operation, parameters: [...parameters.values()], isElsewhere };
}

/** "url": a server and the path fit; "path": only the paths do. */
function fitOf(document: Json, item: Json, path: string, url: URL): "url" | "path" | null {
  const operation = isJson(item.get) ? item.get : {};
  const own = [operation.servers, item.servers, document.servers].find(
    (servers) => listOf(servers).length > 0,
  );
  const servers = own === undefined ? [{ url: "/" }] : listOf(own).filter(isJson);
  let fit: "path" | null = null;
  for (const server of servers) {
    const template = String(server.url ?? "/").replace(/\/+$/, "");
    const [, origin = "", base = ""] = /^([a-z][a-z0-9+.-]*:\/\/[^/]*)?(.*)$/i.exec(template) ?? [];
    const prefix = base === "" || base.startsWith("/") ? base : `/${base}`;
    if (!fits(`${prefix}${path}`, decoded(url.pathname))) continue;
    if (origin === "" || fits(origin, url.origin)) return "url";
    fit = "path";
  }
  return fit;
}

/** Whether a text fits a template in which each {name} stands for one or more characters but "/". A last "/" is no difference. */
function fits(template: string, text: string): boolean {
  const literals = template.replace(/\/$/, "").split(/(?:\{[^{}]*\})+/);
  const pattern = literals.map((each) => each.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("[^/]+");
  return new RegExp(`^${pattern}$`, "i").test(text.replace(/\/$/, ""));
}

function decoded(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

function variablesOf(path: string): number {
  return path.split("{").length - 1;
}

function pathsTold({ paths }: Json): string {
  const names = Object.keys(isJson(paths) ? paths : {});
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return names.length === 0 ? "no paths" : `${names.slice(0, 5).join(", ")}${more}`;
}

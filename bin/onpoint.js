#!/usr/bin/env node
// The installed command. Plain old JavaScript, so that an old Node prints a sentence instead of a syntax error.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(
    `onpoint: needs Node 24 or newer, this is ${process.version} (${process.execPath})\n` +
      "  in a checkout: `make setup` once, then `npx onpoint ...` runs it with the project's own Node",
  );
  process.exit(2);
}
// Node does not strip types under node_modules: the package has JavaScript in dist/, the checkout runs its sources.
const packed = import.meta.url.includes("/node_modules/");
// A run starts half a dozen processes of the same code: compiled once, it starts in half the CPU time.
if (!packed) {
  const { fileURLToPath } = await import("node:url");
  const folder = new URL("../node_modules/.cache/onpoint", import.meta.url);
  process.env.NODE_COMPILE_CACHE ??= fileURLToPath(folder);
}
(await import("node:module")).enableCompileCache();
await import(packed ? "../dist/cmd/onpoint.js" : "../cmd/onpoint.ts");

// Serves a folder of real documentation as a site, as a process of its own: node test/support/web/folder-server.ts FOLDER
// Tells {"port":N} on stdout, and ends with its stdin.
import { createReadStream } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { lookUp } from "./folder-site.ts";

function main(folder: string): void {
  const server = createServer((request, answer) => {
    void respond(folder, request.url ?? "/", answer);
  });
  server.listen(0, "127.0.0.1", () => {
    process.stdout.write(`{"port":${(server.address() as AddressInfo).port}}\n`);
  });
  process.stdin.once("close", () => process.exit(0)).resume();
}

async function respond(folder: string, path: string, answer: ServerResponse): Promise<void> {
  const found = await lookUp(folder, path);
  if (found.kind === "missing") answer.writeHead(404).end("nothing here");
  else if (found.kind === "moved") answer.writeHead(301, { location: found.path }).end();
  else {
    answer.writeHead(200, {
      "content-type": found.type,
      "content-length": String(found.sizeBytes),
    });
    createReadStream(found.file)
      .on("error", () => answer.destroy())
      .pipe(answer);
  }
}

main(process.argv[2] ?? ".");

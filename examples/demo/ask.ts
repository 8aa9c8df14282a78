// One request to the demo server by Host header. Not fetch: it resolves docs.localhost by the system, which need not know it.
import { type IncomingHttpHeaders, request } from "node:http";

export type Got = { status: number; headers: IncomingHttpHeaders; body: string };

/** A GET, or a POST of `post`; `path` may have a query. */
export function ask(port: number, host: string, path: string, post?: string): Promise<Got> {
  return new Promise((resolve, reject) => {
    const method = post === undefined ? "GET" : "POST";
    const headers = { host: `${host}:${port}`, "user-agent": "ask/1" };
    const sent = request(
      { host: "127.0.0.1", port, path, method, headers, agent: false },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        response.on("error", reject).on("end", () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      },
    );
    sent.on("error", reject).end(post);
  });
}

// Whether the NATS server that a user named is there at all: said at once, not after a minute of trying.
import { connect } from "node:net";
import { UsageError } from "../internal/std/errors.ts";

const patienceMs = 5_000;
const natsPort = 4222;

/** Resolves when something listens at the URL's address. Throws UsageError. */
export async function reachNats(url: string): Promise<void> {
  const { hostname, port } = new URL(url);
  const reason = await new Promise<string | null>((resolve) => {
    const socket = connect({
      host: hostname.replace(/^\[|\]$/g, ""),
      port: Number(port) || natsPort,
    });
    const end = (text: string | null) => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(patienceMs, () => end(`no answer in ${patienceMs / 1000} s`));
    socket.once("connect", () => end(null));
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
  if (reason === null) return;
  const fix =
    "start that server, correct ONPOINT_NATS_URL, or unset it: then onpoint starts its own";
  throw new UsageError(
    `no NATS server can be reached (${reason})`,
    `ONPOINT_NATS_URL ${url.replace(/\/\/[^@/]*@/, "//***@")}`,
    fix,
  );
}

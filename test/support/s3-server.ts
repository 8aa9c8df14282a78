// A real S3 server (versitygw) for one test file: own folder, own keys, free port, gone when the test is.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * `env`: what the AWS default chain and onpoint read. `folder`: the bucket's objects as files, to look at from outside.
 * `stop` ends the server and removes all it kept.
 */
export type S3Server = {
  endpoint: string;
  env: Record<string, string>;
  bucket: string;
  folder: string;
  stop(): Promise<void>;
};

const binary = fileURLToPath(new URL("../../.tools/bin/versitygw", import.meta.url));
const region = "us-east-1";
const patienceMs = 15_000;

/** Starts a server with one empty bucket. Throws with the server's output when it does not come up. */
export async function startS3Server(): Promise<S3Server> {
  const root = await mkdtemp(join(tmpdir(), "onpoint-s3-"));
  const bucket = "lake";
  const folder = join(root, "data", bucket);
  await mkdir(folder, { recursive: true });
  await mkdir(join(root, "iam"));
  const access = `key${randomBytes(8).toString("hex")}`;
  const secret = randomBytes(16).toString("hex");
  for (let tries = 1; ; tries++) {
    const port = await freePort();
    // A path that only our child answers: whoever else may have got the port does not.
    const health = `/health-${randomBytes(8).toString("hex")}`;
    const args = [
      ...["--port", `127.0.0.1:${port}`, "--access", access, "--secret", secret],
      ...["--region", region, "--iam-dir", join(root, "iam"), "--health", health, "--quiet"],
      ...["posix", join(root, "data")],
    ];
    const child = spawn(binary, args, { stdio: ["ignore", "pipe", "pipe"] });
    const output = gather(child);
    const killed = () => child.kill("SIGKILL");
    process.once("exit", killed);
    const stop = async () => {
      process.off("exit", killed);
      await end(child);
      await rm(root, { recursive: true, force: true });
    };
    const endpoint = `http://127.0.0.1:${port}`;
    if (await answers(child, `${endpoint}${health}`)) {
      const env = {
        AWS_ACCESS_KEY_ID: access,
        AWS_SECRET_ACCESS_KEY: secret,
        AWS_REGION: region,
        AWS_ENDPOINT_URL_S3: endpoint,
        AWS_EC2_METADATA_DISABLED: "true",
      };
      return { endpoint, env, bucket, folder, stop };
    }
    // It may have lost the port to another process between our look and its start.
    if (tries === 3) {
      await stop();
      throw new Error(`start "${binary}": it does not answer; its output: ${output()}`);
    }
    process.off("exit", killed);
    await end(child);
  }
}

function gather(child: ChildProcess): () => string {
  let text = "";
  const add = (chunk: Buffer) => {
    text = `${text}${chunk.toString()}`.slice(-4_000);
  };
  child.stdout?.on("data", add);
  child.stderr?.on("data", add);
  child.on("error", (error) => add(Buffer.from(String(error))));
  return () => text;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

/** Waits until `url` answers 200 while the child is alive. */
async function answers(child: ChildProcess, url: string): Promise<boolean> {
  const deadline = performance.now() + patienceMs;
  while (isAlive(child) && performance.now() < deadline) {
    const answer = await fetch(url).catch(() => null);
    await answer?.body?.cancel();
    if (answer?.status === 200) return isAlive(child);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

function isAlive(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

async function end(child: ChildProcess): Promise<void> {
  if (!isAlive(child)) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  const forced = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await gone;
  clearTimeout(forced);
}

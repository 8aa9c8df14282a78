// Objects in S3, against a real server.
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { listed, objectsContract } from "../../internal/objects/objects.contract.ts";
import { PreconditionFailed } from "../../internal/objects/objects.ts";
import { openS3Objects } from "../../internal/objects/objects-s3.ts";
import { UsageError } from "../../internal/std/errors.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";

let server: S3Server;
let scratch: string;
beforeAll(async () => {
  server = await startS3Server();
  scratch = await mkdtemp(join(tmpdir(), "onpoint-s3-test-"));
  for (const [name, value] of Object.entries(server.env)) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.stop();
  await rm(scratch, { recursive: true, force: true });
});

const open = (prefix: string, endpoint = server.endpoint) =>
  openS3Objects(`s3://${server.bucket}/${prefix}`, {
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
  });

objectsContract("s3", () => open("contract"));

type Meddle = (incoming: IncomingMessage, answer: ServerResponse, pass: () => void) => void;

/** Runs `body` with a proxy before the server that calls `meddle` for each request. The Host header stays as signed. */
async function through(meddle: Meddle, body: (endpoint: string) => Promise<void>): Promise<void> {
  const target = new URL(server.endpoint);
  const proxy = createServer((incoming, answer) => {
    const pass = () => {
      const onward = request(
        {
          ...{ host: target.hostname, port: target.port, path: incoming.url ?? "/" },
          ...{ method: incoming.method ?? "GET", headers: incoming.headers },
        },
        (reply) => {
          answer.writeHead(reply.statusCode ?? 500, reply.headers);
          reply.pipe(answer);
        },
      );
      onward.on("error", () => answer.destroy());
      incoming.pipe(onward);
    };
    meddle(incoming, answer, pass);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  try {
    await body(`http://127.0.0.1:${address.port}`);
  } finally {
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  }
}

/** The answer to the first request that `which` picks gets lost after the server has done what it asked. */
function loseAnswer(which: (incoming: IncomingMessage) => boolean): Meddle {
  let lost = false;
  return (incoming, answer, pass) => {
    if (!lost && which(incoming)) {
      lost = true;
      answer.writeHead = () => {
        answer.destroy();
        return answer;
      };
    }
    pass();
  };
}

describe("large files", () => {
  const sizeBytes = 65 * 1024 * 1024;
  let file: string;
  let bytes: Buffer;
  beforeAll(async () => {
    file = join(scratch, "large");
    bytes = randomBytes(sizeBytes);
    await writeFile(file, bytes);
  });

  it("go up in parts, create only once, and come down whole", async () => {
    const objects = await open("large");
    const { etag } = await objects.putFile("a", file, { ifAbsent: true });
    expect(etag).toMatch(/-9"$/);
    expect(await objects.head("a")).toMatchObject({ sizeBytes, etag });
    expect(bytes.equals(await readFile(await objects.local("a", scratch)))).toBe(true);
    await expect(objects.putFile("a", file, { ifAbsent: true })).rejects.toThrow(
      PreconditionFailed,
    );
    await expect(objects.putFile("a", file, { ifMatch: '"x"' })).rejects.toThrow(
      PreconditionFailed,
    );
    await objects.close();
  });

  it("have one winner when several create them", async () => {
    const clients = await Promise.all(Array.from({ length: 3 }, () => open("large-race")));
    const ends = await Promise.allSettled(
      clients.map((client) => client.putFile("a", file, { ifAbsent: true })),
    );
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    for (const end of ends) {
      if (end.status === "rejected") expect(end.reason).toBeInstanceOf(PreconditionFailed);
    }
    await Promise.all(clients.map((client) => client.close()));
  });

  it("are aborted when a part fails for good", async () => {
    const seen: string[] = [];
    const refuse: Meddle = (incoming, answer, pass) => {
      seen.push(`${incoming.method} ${new URL(incoming.url ?? "", "http://x").search}`);
      if (!incoming.url?.includes("partNumber=5")) return pass();
      incoming.resume();
      answer.writeHead(403).end();
    };
    await through(refuse, async (endpoint) => {
      const objects = await open("large-refused", endpoint);
      await expect(objects.putFile("a", file)).rejects.toThrow(UsageError);
      expect(await objects.head("a")).toBeNull();
      await objects.close();
    });
    expect(
      seen.filter((line) => line.startsWith("DELETE") && line.includes("uploadId")),
    ).toHaveLength(1);
  });

  it("are known as ours when the answer to the last request got lost", async () => {
    const complete = (incoming: IncomingMessage) =>
      incoming.method === "POST" && (incoming.url?.includes("uploadId=") ?? false);
    await through(loseAnswer(complete), async (endpoint) => {
      const objects = await open("large-lost", endpoint);
      const { etag } = await objects.putFile("a", file, { ifAbsent: true });
      expect((await objects.head("a"))?.etag).toBe(etag);
      await objects.close();
    });
  });

  it("are read on where the connection broke", async () => {
    const direct = await open("large-broken");
    await direct.putFile("a", file);
    await direct.close();
    let cut = 0;
    const cutOff: Meddle = (incoming, answer, pass) => {
      if (incoming.method === "GET" && cut < 2) {
        cut++;
        let left = 10_000_000;
        const write = answer.write.bind(answer);
        answer.write = (chunk: Buffer) => {
          left -= chunk.length;
          if (left > 0) return write(chunk);
          answer.destroy();
          return false;
        };
      }
      pass();
    };
    await through(cutOff, async (endpoint) => {
      const objects = await open("large-broken", endpoint);
      expect(bytes.equals((await objects.get("a")).body)).toBe(true);
      await objects.close();
    });
    expect(cut).toBe(2);
  });
});

describe("small writes", () => {
  it("are known as ours when their answer got lost", async () => {
    const put = (incoming: IncomingMessage) => incoming.method === "PUT";
    await through(loseAnswer(put), async (endpoint) => {
      const objects = await open("lost", endpoint);
      const { etag } = await objects.put("a", "1", { ifAbsent: true });
      expect((await objects.get("a")).body.toString()).toBe("1");
      await objects.put("a", "2", { ifMatch: etag });
      await objects.close();
    });
    await through(loseAnswer(put), async (endpoint) => {
      const objects = await open("lost", endpoint);
      const { etag } = await objects.get("a");
      await objects.put("a", "3", { ifMatch: etag });
      expect((await objects.get("a")).body.toString()).toBe("3");
      await objects.close();
    });
  });

  it("are sent again after a conflict, with a checksum", async () => {
    let conflicts = 0;
    const checksums: (string | string[] | undefined)[] = [];
    const conflict: Meddle = (incoming, answer, pass) => {
      checksums.push(incoming.headers["x-amz-checksum-crc32"]);
      if (++conflicts > 2) return pass();
      incoming.resume();
      answer.writeHead(409, { "content-type": "application/xml" });
      answer.end("<Error><Code>ConditionalRequestConflict</Code><Message>again</Message></Error>");
    };
    await through(conflict, async (endpoint) => {
      const objects = await open("conflict", endpoint);
      await objects.put("a", "1", { ifAbsent: true });
      await objects.close();
    });
    expect(checksums).toHaveLength(3);
    expect(new Set(checksums).size).toBe(1);
    expect(checksums[0]).toBeTypeOf("string");
  });
});

describe("what the user must change", () => {
  const options = () => ({ endpoint: server.endpoint, region: "us-east-1", forcePathStyle: true });

  it("is the bucket that is not there", async () => {
    const objects = await openS3Objects("s3://nowhere", options());
    const calls = [() => objects.put("a", "x"), () => objects.get("a"), () => listed(objects, "")];
    for (const call of calls) {
      const error: unknown = await call().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UsageError);
      expect(String(error)).toContain("no such bucket");
    }
    await objects.close();
  });

  it("is the wrong secret", async () => {
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "wrong");
    try {
      const objects = await open("denied");
      await expect(objects.put("a", "x")).rejects.toThrow(UsageError);
      await expect(objects.head("a")).rejects.toThrow(UsageError);
      await objects.close();
    } finally {
      vi.stubEnv("AWS_SECRET_ACCESS_KEY", server.env.AWS_SECRET_ACCESS_KEY ?? "");
    }
  });

  it("is the credentials that are missing", async () => {
    const objects = await open("none");
    vi.stubEnv("AWS_ACCESS_KEY_ID", "");
    vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", join(scratch, "none"));
    vi.stubEnv("AWS_CONFIG_FILE", join(scratch, "none"));
    try {
      await expect(objects.put("a", "x")).rejects.toThrow("AWS_ACCESS_KEY_ID");
    } finally {
      vi.stubEnv("AWS_ACCESS_KEY_ID", server.env.AWS_ACCESS_KEY_ID ?? "");
    }
    await objects.close();
  });
});

describe("the server of the tests", () => {
  it("keeps objects as files and is gone after stop, with all it kept", async () => {
    const own = await startS3Server();
    expect(own.folder).not.toBe(server.folder);
    await own.stop();
    await expect(fetch(own.endpoint)).rejects.toThrow();
    await expect(readFile(own.folder)).rejects.toThrow("ENOENT");
  });
});

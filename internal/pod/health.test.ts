import { afterEach, expect, test } from "vitest";
import { UsageError } from "../std/errors.ts";
import { type Health, serveHealth } from "./health.ts";

let health: Health | null = null;
afterEach(async () => {
  await health?.close();
  health = null;
});

async function ask(path: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${health?.port}${path}`);
  return `${answer.status} ${(await answer.text()).trim()}`;
}

test("a process lives at once, is ready when it says so, and never again once it drains", async () => {
  health = await serveHealth(0);
  expect(await ask("/live")).toBe("200 starting");
  expect(await ask("/ready")).toBe("503 starting");
  health.set("ready");
  expect(await ask("/ready")).toBe("200 ready");
  health.set("draining");
  health.set("ready");
  expect(await ask("/ready")).toBe("503 draining");
  expect(await ask("/live")).toBe("200 draining");
  expect(await ask("/")).toBe("404 draining");
});

test("a port that another process has is named with its setting", async () => {
  health = await serveHealth(0);
  const second = serveHealth(health.port);
  await expect(second).rejects.toThrow(UsageError);
  await expect(second).rejects.toThrow(
    /ONPOINT_HEALTH_PORT: port \d+ cannot be used \(EADDRINUSE\)/,
  );
});

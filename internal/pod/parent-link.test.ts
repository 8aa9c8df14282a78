import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { type LinkedProcess, parentLink } from "./parent-link.ts";

function child(connected: boolean) {
  const events = new EventEmitter();
  const sent: object[] = [];
  const self: LinkedProcess = {
    connected,
    on: (event: string, listener: (message: unknown) => void) => events.on(event, listener),
    send: (message) => {
      sent.push(message);
      return true;
    },
  };
  return { events, sent, self };
}

test("a process without a parent that listens has no link", () => {
  const { self } = child(false);
  expect(parentLink({ on: self.on })).toBeNull();
});

test("the channel does not keep a process that has nothing else to do", () => {
  const { self } = child(true);
  let kept = true;
  // The real process has what the link needs. Linking it here would end the test runner's worker.
  const real: LinkedProcess = process;
  expect(real).toBe(process);
  self.channel = {
    unref: () => {
      kept = false;
    },
  };
  parentLink(self);
  expect(kept).toBe(false);
});

test("messages go both ways while the parent lives", () => {
  const { events, sent, self } = child(true);
  const link = parentLink(self);
  const got: unknown[] = [];
  link?.onMessage((message) => got.push(message));
  link?.send({ kind: "busy", busy: true });
  events.emit("message", { kind: "hello" });
  expect(sent).toEqual([{ kind: "busy", busy: true }]);
  expect(got).toEqual([{ kind: "hello" }]);
  self.connected = false;
  link?.send({ kind: "busy", busy: false });
  expect(sent).toHaveLength(1);
});

test("the end of the parent is told, also when it came first", () => {
  const gone: string[] = [];
  const living = child(true);
  parentLink(living.self)?.onGone(() => gone.push("later"));
  expect(gone).toEqual([]);
  living.events.emit("disconnect");
  parentLink(child(false).self)?.onGone(() => gone.push("before"));
  expect(gone).toEqual(["later", "before"]);
});

// The child's end of the IPC channel to the `onpoint run` that started it: messages, and word of its death.

/** What a role process tells its parent. `busy` decides who is stopped first when a role is scaled down. */
export type ChildMessage =
  | { kind: "busy"; busy: boolean }
  | { kind: string; [field: string]: unknown };

/** The part of `process` that is needed. */
export type LinkedProcess = {
  send?: ((message: object, done: (error: Error | null) => void) => boolean) | undefined;
  connected?: boolean;
  channel?: { unref(): void } | null | undefined;
  on(event: "message", listener: (message: unknown) => void): unknown;
  on(event: "disconnect", listener: () => void): unknown;
};

export type ParentLink = {
  /** Best effort: a message to a parent that has just died is dropped. */
  send(message: ChildMessage): void;
  onMessage(receive: (message: unknown) => void): void;
  /** The parent has ended, however it did (also kill -9): the child must drain. Called at once if it is so already. */
  onGone(leave: () => void): void;
};

/** The link of a process started by LocalCluster, null in a pod or when started by hand. */
export function parentLink(self: LinkedProcess): ParentLink | null {
  if (!self.send) return null;
  // Work keeps the process, not the wish to hear from its parent: without this it would never end by itself.
  self.channel?.unref();
  return {
    send: (message) => {
      if (self.connected) self.send?.(message, () => undefined);
    },
    onMessage: (receive) => void self.on("message", receive),
    onGone: (leave) => {
      if (self.connected) self.on("disconnect", leave);
      else leave();
    },
  };
}

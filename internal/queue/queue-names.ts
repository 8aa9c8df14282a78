// Subjects, names and sizes of everything the queue stores, and the checks on what callers hand in: the same for every
// implementation, so that a name that works in a unit test works on the server.
import { Permanent } from "../std/errors.ts";

/** Largest message; the server's limit is 1 MiB with its headers. */
export const maxDataBytes = 900_000;

const namePattern = /^[A-Za-z0-9_=-]+$/;
const leaseKeyPattern = /^[A-Za-z0-9_=-]+(\.[A-Za-z0-9_=-]+)*$/;
const stateKeyPattern = /^[A-Za-z0-9_=./-]+$/;

/** Returns `name` if it may be a subject token (`[A-Za-z0-9_=-]+`); throws Permanent otherwise. */
export function checkName(kind: string, name: string): string {
  if (!namePattern.test(name)) {
    throw new Permanent(`name of a ${kind} "${name}": only A-Z a-z 0-9 _ = - are allowed`);
  }
  return name;
}

/** Throws Permanent when `data` is more than {@link maxDataBytes}. */
export function checkSize(what: string, data: Uint8Array): void {
  if (data.length > maxDataBytes) {
    throw new Permanent(`${what}: ${data.length} bytes, at most ${maxDataBytes} fit in a message`);
  }
}

/** Throws Permanent when there is no such shard. */
export function checkShard(shard: number, shards: number): void {
  if (!Number.isInteger(shard) || shard < 0 || shard >= shards) {
    throw new Permanent(`shard ${shard}: there are ${shards} shards, counted from 0`);
  }
}

export const rolePrefix = (role: string) => `onpoint.work.${checkName("role", role)}`;
export const workSubject = (role: string, run: string, task: string) =>
  `${rolePrefix(role)}.${checkName("run", run)}.${checkName("task", task)}`;
export const doneSubject = (run: string, stage: string, task: string) =>
  `onpoint.done.${checkName("run", run)}.${checkName("stage", stage)}.${checkName("task", task)}`;
export const linksSubject = (run: string, shard: number | "*") =>
  `onpoint.frontier.${checkName("run", run)}.${shard}`;
export const crawledSubject = (run: string, shard: number | "*") =>
  `onpoint.crawled.${checkName("run", run)}.${shard}`;

/** Throws Permanent when `key` is not dot-separated names. */
export function leaseSubject(key: string): string {
  if (!leaseKeyPattern.test(key)) {
    throw new Permanent(`lease key "${key}": names separated by dots are allowed`);
  }
  return `onpoint.lease.${key}`;
}
export const leaseKeyOf = (subject: string) => subject.slice("onpoint.lease.".length);

/** Throws Permanent unless `key` is `[A-Za-z0-9_=./-]+`. */
export function checkStateKey(key: string): string {
  if (!stateKeyPattern.test(key)) {
    throw new Permanent(`state key "${key}": only A-Z a-z 0-9 _ = . / - are allowed`);
  }
  return key;
}

/**
 * Subject of a state key. Each `/`-separated part becomes a token, so that a prefix can be asked for; dots, which would
 * separate tokens, become `~`, and an empty part `!`: neither may be in a key.
 */
export function stateSubject(key: string): string {
  const parts = checkStateKey(key).split("/");
  return `onpoint.state.${parts.map((part) => part.replaceAll(".", "~") || "!").join(".")}`;
}

/** The reverse of {@link stateSubject}. */
export function stateKeyOf(subject: string): string {
  const tokens = subject.slice("onpoint.state.".length).split(".");
  return tokens.map((token) => (token === "!" ? "" : token.replaceAll("~", "."))).join("/");
}

/** The narrowest subject filter that matches all keys starting with `prefix` (and perhaps others). */
export function stateFilter(prefix: string): string {
  const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
  return folder === "" ? "onpoint.state.>" : `${stateSubject(folder).slice(0, -1)}>`;
}

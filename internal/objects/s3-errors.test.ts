import { describe, expect, it } from "vitest";
import { Permanent, RetryLater, UsageError } from "../std/errors.ts";
import { isConflict, isLost, isMissing, s3Error } from "./s3-errors.ts";

const target = { url: "s3://bucket/p", path: "a/b", region: "eu-west-1" };
const answer = (name: string, httpStatusCode: number) =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
const of = (name: string, status: number) => s3Error(answer(name, status), "write", target);

describe("faults of S3", () => {
  it("that only the user can mend say what to do", () => {
    const cases: [string, number, string][] = [
      ["NoSuchBucket", 404, "Create the bucket"],
      ["InvalidAccessKeyId", 403, "AWS_ACCESS_KEY_ID"],
      ["ExpiredToken", 400, "AWS_ACCESS_KEY_ID"],
      ["AccessDenied", 403, "s3:ListBucket"],
      ["UnknownError", 403, "s3:PutObject"],
      ["PermanentRedirect", 301, "AWS_REGION"],
      ["RequestTimeTooSkewed", 403, "clock"],
    ];
    for (const [name, status, fix] of cases) {
      const error = of(name, status);
      expect(error, name).toBeInstanceOf(UsageError);
      expect(error.message, name).toContain(fix);
      expect(error.message, name).toContain('write "a/b"');
      expect(error.cause, name).toBeInstanceOf(Error);
    }
  });

  it("that pass are to be retried, those that do not are not", () => {
    for (const [name, status] of [
      ["SlowDown", 503],
      ["InternalError", 500],
      ["TimeoutError", 0],
      ["NoSuchUpload", 404],
    ] as const) {
      expect(of(name, status), name).toBeInstanceOf(RetryLater);
    }
    for (const [name, status] of [
      ["EntityTooLarge", 400],
      ["KeyTooLongError", 400],
      ["ObjectParentIsFile", 409],
    ] as const) {
      expect(of(name, status), name).toBeInstanceOf(Permanent);
    }
  });

  it("of conditions are told apart", () => {
    expect(isLost(answer("PreconditionFailed", 412), false)).toBe(true);
    expect(isLost(answer("NoSuchKey", 404), true)).toBe(true);
    expect(isLost(answer("NoSuchKey", 404), false)).toBe(false);
    expect(isLost(answer("NoSuchBucket", 404), true)).toBe(false);
    expect(isConflict(answer("ConditionalRequestConflict", 409))).toBe(true);
    expect(isConflict(answer("ObjectParentIsFile", 409))).toBe(false);
    expect(isMissing(answer("NotFound", 404))).toBe(true);
  });
});

// What an answer of S3, or none, means for the one who has to act on it. Knows shapes of errors, not the SDK.
import { Permanent, RetryLater, UsageError } from "../std/errors.ts";
import { NotFound, PreconditionFailed } from "./objects.ts";

/** Where a request went: for messages. `key` is the object's path in the lake, or what was listed. */
export type S3Target = { url: string; path: string; region: string };

const credentialFaults = new Set([
  "CredentialsProviderError",
  "TokenProviderError",
  "InvalidAccessKeyId",
  "SignatureDoesNotMatch",
  "InvalidToken",
  "ExpiredToken",
  "ExpiredTokenException",
  "UnrecognizedClientException",
  "AuthorizationHeaderMalformed",
]);
const missing = new Set(["NoSuchKey", "NotFound"]);
// A conditional write met another one under way, which may yet fail: to be sent again (Amazon S3 API reference, PutObject).
const conflicts = new Set(["ConditionalRequestConflict", "OperationAborted"]);

type Fault = { name: string; status: number };

function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) return { name: "", status: 0 };
  const metadata = "$metadata" in error ? error.$metadata : undefined;
  const status =
    typeof metadata === "object" && metadata !== null && "httpStatusCode" in metadata
      ? Number(metadata.httpStatusCode ?? 0)
      : 0;
  return { name: error.name, status };
}

/** Whether there is no such object; a bucket that is missing is another matter (HEAD cannot tell them apart). */
export function isMissing(error: unknown): boolean {
  const { name, status } = faultOf(error);
  return (
    missing.has(name) || (status === 404 && name !== "NoSuchBucket" && name !== "NoSuchUpload")
  );
}

/** Whether a write's condition did not hold. `If-Match` for a missing object is answered with 404, not 412. */
export function isLost(error: unknown, conditional: boolean): boolean {
  return faultOf(error).status === 412 || (conditional && isMissing(error));
}

/** Whether the write met another one under way. */
export function isConflict(error: unknown): boolean {
  return conflicts.has(faultOf(error).name);
}

/** Whether a multipart upload is not there any more: completed or aborted, perhaps by a request whose answer got lost. */
export function isUploadGone(error: unknown): boolean {
  return faultOf(error).name === "NoSuchUpload";
}

/** The error to throw when `doing` ("read", "write", "list", ...) failed at `target`. */
export function s3Error(error: unknown, doing: string, target: S3Target): Error {
  if (error instanceof NotFound || error instanceof PreconditionFailed) return error;
  if (error instanceof UsageError || error instanceof Permanent || error instanceof RetryLater) {
    return error;
  }
  const { name, status } = faultOf(error);
  const what = `${doing} "${target.path}"`;
  const options = { cause: error };
  const usage = (problem: string, fix: string) =>
    new UsageError(`cannot ${what}: ${problem}`, target.url, fix, options);
  if (name === "NoSuchBucket") {
    return usage(
      "there is no such bucket",
      "Create the bucket, or correct its name or the endpoint.",
    );
  }
  if (credentialFaults.has(name)) {
    return usage(
      `the credentials are missing or not accepted (${name})`,
      "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the pod a role.",
    );
  }
  if (name === "RequestTimeTooSkewed") {
    return usage("this machine's clock is wrong", "Set the clock.");
  }
  if (status === 301 || name === "PermanentRedirect") {
    return usage(`the bucket is not in ${target.region}`, "Set AWS_REGION to the bucket's region.");
  }
  if (status === 401 || status === 403) {
    return usage(
      `access denied (${name})`,
      "Allow s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and s3:ListBucket there; without the last one, S3 answers so for objects that do not exist.",
    );
  }
  if (name === "ObjectParentIsFile" || name === "KeyTooLongError") {
    return new Permanent(`${what}: ${name}`, options);
  }
  if (status >= 400 && status < 500 && ![404, 408, 409, 412, 429].includes(status)) {
    return new Permanent(`${what}: ${name} (${status})`, options);
  }
  return new RetryLater(
    `${what}: ${name || "failed"}${status ? ` (${status})` : ""}`,
    5_000,
    options,
  );
}

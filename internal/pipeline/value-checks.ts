// What single values of the pipeline file must look like. Each check gives what is wrong, to be read after the quoted
// value, and what to do; or null.

import { signPlaceholders } from "../auth/sign-text.ts";
import { contentNames, isContentRule } from "../content/content-rules.ts";
import { knownEncoding } from "../process/text-encoding.ts";
import { nearestName } from "../std/nearest-name.ts";
import { cronProblem } from "./cron.ts";
import { durationMs } from "./duration.ts";
import { storageUrlProblem } from "./file-url.ts";

export type Complaint = { what: string; fix: string };
export type Check = (text: string) => Complaint | null;

/** Names become a folder, a subject token and the start of run ids (`<pipeline>-<date>`). */
export const checkName: Check = (text) =>
  /^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$/.test(text)
    ? null
    : {
        what: "is not a name",
        fix: "Use letters, digits, _ and -, starting with a letter or digit, 80 at most",
      };

export const checkTableName: Check = (text) => {
  if (/^quarantine(_|$)/.test(text)) {
    const fix = "Choose another name: quarantine and quarantine_<table> hold the rejected rows";
    return { what: "is not a table name", fix };
  }
  if (/^[a-z_][a-z0-9_]{0,62}$/.test(text)) return null;
  const fix = "Use a-z, 0-9 and _, not starting with a digit, 63 at most";
  const near = text.toLowerCase().replace(/[^a-z0-9]+/g, "_");
  const hint =
    /^[a-z_][a-z0-9_]{0,62}$/.test(near) && !text.includes("$") ? `, such as ${near}` : "";
  return { what: "is not a table name", fix: fix + hint };
};

export const checkColumnName: Check = (text) =>
  /^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(text)
    ? null
    : {
        what: "is not a partition name",
        fix: "Use letters, digits and _, not starting with a digit",
      };

export const checkText: Check = (text) =>
  text.trim() === "" ? { what: "is empty", fix: "Give it a value or remove the key" } : null;

export const checkSchedule: Check = (text) => {
  const what = cronProblem(text);
  const fix = "Write @hourly, @daily, @weekly, @monthly or five cron fields, such as 30 2 * * 1-5";
  return what === null ? null : { what, fix };
};

export const checkDuration: Check = (text) =>
  durationMs(text) !== null
    ? null
    : {
        what: "is not a duration",
        fix: "Write a number and ms, s, m, h, d or w, such as 30s or 2h",
      };

/** An absolute http(s) URL without user, password and fragment (WHATWG URL). */
export const checkHttpUrl: Check = (text) => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:\/\/[^/]/i.test(text) || /\s/.test(text)) {
    const fix = "Write it in full: https://HOST/PATH";
    return { what: "is not an http: or https: URL", fix };
  }
  if (url.username || url.password) {
    const fix = "Write them as auth: { basic: { user: ..., password: ... } }";
    return { what: "contains a user or password", fix };
  }
  return url.hash ? { what: "contains a fragment", fix: "Remove # and what follows" } : null;
};

/** A webhook may be switched off by a variable that is empty. */
export const checkHook: Check = (text) => (text === "" ? null : checkHttpUrl(text));

export const checkSmtp: Check = (text) =>
  text === "" || (/^smtps?:\/\/[^/\s]/.test(text) && URL.canParse(text))
    ? null
    : {
        what: "is not an smtp: or smtps: URL",
        fix: "Write smtp://HOST:PORT, with a user and password before HOST if it asks for them",
      };

export const checkEmail: Check = (text) =>
  /^[^\s@,]+@[^\s@,]+(\s*,\s*[^\s@,]+@[^\s@,]+)*$/.test(text)
    ? null
    : { what: "is not an e-mail address", fix: "Write name@example.com, several with commas" };

export const checkStorageUrl: Check = storageUrlProblem;

export const checkS3Url: Check = (text) =>
  text.startsWith("s3:")
    ? storageUrlProblem(text)
    : { what: "is not an s3: URL", fix: "Write s3://BUCKET/PATH; local files go under `file`" };

/** A local file: a path, or a `file:` URL. */
export const checkFile: Check = (text) => {
  if (text.startsWith("file:")) return storageUrlProblem(text);
  return /^[a-z][a-z0-9+.-]*:/i.test(text)
    ? {
        what: "is not a local file",
        fix: "Write a path such as ./in/_SUCCESS, or use `s3` or `url`",
      }
    : checkText(text);
};

/** Lake and upload target name one folder, not a set of files. */
export const checkPlainStorageUrl: Check = (text) =>
  storageUrlProblem(text) ??
  (/[*?[\]{}]/.test(text)
    ? {
        what: "contains a glob character",
        fix: "Name one folder or file; escape * as %2A and ? as %3F",
      }
    : null);

/** A delimiter of CSV: one ASCII character that is no part of a field or line. */
export const checkDelimiter: Check = (text) =>
  /^[\t\x20-\x7e]$/.test(text) && !/["A-Za-z0-9]/.test(text)
    ? null
    : { what: "is not a delimiter", fix: 'Write one character such as ";", "|" or "\\t"' };

/** A name of the Encoding Standard, or one of UTF-16 and UTF-32. */
export const checkEncoding: Check = (text) =>
  knownEncoding(text) === null
    ? {
        what: "is not a known encoding",
        fix: "Write a name such as utf-8, utf-16le or windows-1252",
      }
    : null;

const laterEndings = /\.xls(\.(gz|zst))?$/i;

export const checkDropUrl: Check = (text) => {
  const problem = storageUrlProblem(text);
  if (problem) return problem;
  const ending = laterEndings.exec(text)?.[0];
  if (!ending) return null;
  const fix = "Save them as .xlsx, csv, json or parquet";
  return { what: `names ${ending} files: reading them is not available in this version`, fix };
};

export const checkFolder: Check = (text) =>
  /^(?!file:)[a-z][a-z0-9+.-]*:/i.test(text)
    ? { what: "is not a local folder", fix: "Write a path such as ./models" }
    : checkFile(text);

export const checkHeaderName: Check = (text) =>
  /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)
    ? null
    : { what: "is not a header name (RFC 9110 section 5.1)", fix: "Use letters, digits and -" };

export const checkHeaderValue: Check = (text) =>
  /^[\t\x20-\x7e\x80-\xff]*$/.test(text)
    ? null
    : {
        what: "is not a header value (RFC 9110 section 5.5)",
        fix: "Remove line breaks and characters beyond Latin-1",
      };

/** A kind of content by its name, or a media type in which `*` is any run. */
export const checkContentRule: Check = (text) => {
  if (isContentRule(text)) return null;
  const nearest = nearestName(text, contentNames);
  const fix = nearest
    ? `Did you mean ${nearest}?`
    : `Write a media type such as image/* or one of ${contentNames.join(", ")}`;
  return { what: "is not a kind of content", fix };
};

const columnTypes = [
  ..."BOOLEAN BOOL TINYINT SMALLINT INTEGER INT BIGINT HUGEINT UTINYINT USMALLINT UINTEGER UBIGINT".split(
    " ",
  ),
  ..."UHUGEINT FLOAT REAL DOUBLE DECIMAL NUMERIC VARCHAR TEXT STRING BLOB DATE TIME TIMESTAMP".split(
    " ",
  ),
  ..."TIMESTAMPTZ TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS INTERVAL UUID JSON BIT STRUCT MAP LIST".split(
    " ",
  ),
];

/** A DuckDB type: a known name, numbers in brackets, `[]`; what STRUCT and MAP contain is left to DuckDB. */
export const checkColumnType: Check = (text) => {
  const open = text.split("(").length;
  if (open > text.split(")").length) {
    const fix = `Quote it, since a comma ends a value inside { }: "DECIMAL(12,2)"`;
    return { what: "is cut at a comma", fix };
  }
  const base = /^[A-Za-z_]+/.exec(text)?.[0].toUpperCase() ?? "";
  const isNested = base === "STRUCT" || base === "MAP";
  const isShaped =
    isNested || /^[A-Za-z_]+(\(\d+(, ?\d+)?\))?( with time zone)?(\[\])*$/i.test(text);
  if (isShaped && columnTypes.includes(base)) return null;
  const nearest = nearestName(base, columnTypes);
  const fix = nearest
    ? `Did you mean ${nearest}?`
    : "Write a type such as BIGINT, DECIMAL(12,2) or DATE";
  return { what: "is not a DuckDB type", fix };
};

/** A template of a signature: what stands in braces must be known. */
export const checkSignText: Check = (text) => {
  if (text.trim() === "") return checkText(text);
  const names = [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "");
  const wrong = names.find((name) => !signPlaceholders.some((known) => known === name));
  if (wrong === undefined) return null;
  const near = nearestName(wrong, [...signPlaceholders]);
  const fix = `Use ${signPlaceholders.map((name) => `{${name}}`).join(", ")}`;
  return {
    what: `has {${wrong}}, which is no part of a request`,
    fix: near === null ? fix : `Did you mean {${near}}?`,
  };
};

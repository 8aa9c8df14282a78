import { expect, test } from "vitest";
import { cronProblem } from "./cron.ts";
import { durationMs } from "./duration.ts";
import { absoluteGlob, absoluteUrl, localPath } from "./file-url.ts";
import {
  checkColumnType,
  checkDropUrl,
  checkHttpUrl,
  checkPlainStorageUrl,
  checkTableName,
} from "./value-checks.ts";

test.each(["@daily", "@hourly", "0 0 * * *", "*/15 8-18 1,15 jan-mar MON-FRI", "5/10 0 * * 0"])(
  "%s is a schedule",
  (schedule) => expect(cronProblem(schedule)).toBeNull(),
);

test.each([
  ["", "has 1 field, expected 5"],
  ["* * * *", "has 4 fields, expected 5"],
  ["60 * * * *", 'has "60" as minute, expected 0 to 59'],
  ["* 24 * * *", 'has "24" as hour, expected 0 to 23'],
  ["* * 0 * *", 'has "0" as day of month, expected 1 to 31'],
  ["* * * 13 *", 'has "13" as month, expected 1 to 12'],
  ["* * * * 7", 'has "7" as day of week, expected 0 to 6'],
  ["*/0 * * * *", 'has "*/0" as minute, expected 0 to 59'],
  ["5-1 * * * *", 'has "5-1" as minute, expected 0 to 59'],
  ["1,,2 * * * *", 'has "1,,2" as minute, expected 0 to 59'],
  ["* * * * mo", 'has "mo" as day of week, expected 0 to 6'],
])("%s is no schedule: %s", (schedule, problem) => {
  expect(cronProblem(schedule)).toBe(problem);
});

test.each([
  ["500ms", 500],
  ["1s", 1000],
  ["1.5m", 90_000],
  ["2h", 7_200_000],
  ["30d", 2_592_000_000],
  ["0s", 0],
  ["1", null],
  ["-1s", null],
  ["1 s", null],
  ["1S", null],
  ["9999999d", null],
])("duration %s is %s ms", (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

test.each([
  ["file:./lake", "file:///p/lake"],
  ["file:lake/", "file:///p/lake"],
  ["file:../x", "file:///x"],
  ["file:/abs", "file:///abs"],
  ["file:///abs/a%20b", "file:///abs/a%20b"],
  ["file://localhost/abs", "file:///abs"],
  ["file:./a%3Fb", "file:///p/a%3Fb"],
  ["s3://bucket/prefix/", "s3://bucket/prefix"],
  ["s3://bucket", "s3://bucket"],
])("%s is %s from /p", (url, absolute) => {
  expect(checkPlainStorageUrl(url)).toBeNull();
  expect(absoluteUrl(url, "/p")).toBe(absolute);
});

test("globs stay as they are, and those of the pipeline's folder are taken literally", () => {
  expect(absoluteGlob("file:in/**/a?[0-9]{x,y}.csv", "/p")).toBe(
    "file:///p/in/**/a?[0-9]{x,y}.csv",
  );
  expect(absoluteGlob("file:in/ä b#.csv", "/p")).toBe("file:///p/in/%C3%A4%20b%23.csv");
  expect(absoluteGlob("file:*.csv", "/p[1]/{x}")).toBe("file:///p[[]1]/[{]x}/*.csv");
  expect(absoluteGlob("s3://bucket/a/*.json", "/p")).toBe("s3://bucket/a/*.json");
  expect(localPath("./models", "/p")).toBe("/p/models");
  expect(localPath("file:models", "/p")).toBe("/p/models");
});

test.each([
  "file:",
  "file://host/x",
  "file:%zz",
  "s3://b/x",
  "s3://Bucket/x",
  "https://x/",
  "/x",
  "",
])("%j is no storage URL", (url) => expect(checkPlainStorageUrl(url)).not.toBeNull());

test.each(["s3://bucket/*.xls", "file:a.XLS"])("%s is not read in this version", (url) =>
  expect(checkDropUrl(url)?.what).toContain("not available in this version"),
);

test.each(["http://h.example/x", "https://[::1]:8/?q=1", "http://localhost:8765/"])(
  "%s is an http URL",
  (url) => expect(checkHttpUrl(url)).toBeNull(),
);
test.each([
  "",
  "h.example",
  "//h/x",
  "http:///x",
  "ftp://h/",
  "http://h/ x",
  "http://h:99999/",
  "http://h/#a",
])("%j is no http URL", (url) => expect(checkHttpUrl(url)).not.toBeNull());

test.each([
  "BIGINT",
  "decimal(12,2)",
  "VARCHAR[]",
  "timestamp with time zone",
  "STRUCT(a INTEGER)",
])("%s is a column type", (type) => expect(checkColumnType(type)).toBeNull());
test.each(["", "number", "DECIMAL(12", "INT; drop table x"])("%j is no column type", (type) =>
  expect(checkColumnType(type)).not.toBeNull(),
);

test.each(["t", "_t", "t_1"])("%s is a table name", (name) =>
  expect(checkTableName(name)).toBeNull(),
);
test.each(["", "1t", "T", "a-b", "a b", "a.b", "ä", "x".repeat(64)])(
  "%j is no table name",
  (name) => expect(checkTableName(name)).not.toBeNull(),
);

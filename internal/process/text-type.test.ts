// The one rule of what text can be read as.
import { expect, test } from "vitest";
import { bit, classifyField, classifyNumber } from "./text-type.ts";

const classOf = (text: string) => {
  const bytes = Buffer.from(`<${text}>`);
  const found = classifyField(bytes, 1, bytes.length - 1);
  return Object.entries(bit).find(([, value]) => value === found)?.[0];
};

test.each([
  ["0", "integer"],
  ["-12", "integer"],
  ["9007199254740992", "integer"],
  ["9007199254740993", "long"],
  ["9223372036854775807", "long"],
  ["9223372036854775808", "huge"],
  ["1".repeat(38), "huge"],
  ["1".repeat(39), "text"],
  ["00501", "text"],
  ["-00", "text"],
  ["-0", "real"],
  ["+1", "text"],
  [" 1", "text"],
  ["1_000", "text"],
  ["1,5", "text"],
  ["1.5", "real"],
  [".5", "real"],
  ["-.5", "real"],
  ["1.", "text"],
  [".", "text"],
  ["-", "text"],
  ["1e5", "real"],
  ["1e400", "text"],
  ["1e-400", "text"],
  ["1e", "text"],
  ["0x10", "text"],
  ["0.12345678901234567", "real"],
  ["0.123456789012345678", "text"],
  ["1.23456789012345678", "text"],
  ["NaN", "text"],
  ["inf", "text"],
  ["true", "boolean"],
  ["False", "boolean"],
  ["tRUE", "text"],
  ["yes", "text"],
  ["2024-02-29", "date"],
  ["2023-02-29", "text"],
  ["0000-01-01", "text"],
  ["2024-13-01", "text"],
  ["2024-1-1", "text"],
  ["20240101", "integer"],
  ["2024-01-01 10:00", "timestamp"],
  ["2024-01-01T10:00:00", "timestamp"],
  ["2024-01-01T10:00:00.123456", "timestamp"],
  ["2024-01-01T10:00:00.1234567", "text"],
  ["2024-01-01T24:00:00", "text"],
  ["2024-01-01T10:00:00Z", "timestampTz"],
  ["2024-01-01 10:00:00+02:00", "timestampTz"],
  ["2024-01-01T10:00:00-05", "timestampTz"],
  ["2024-01-01T10:00Z", "text"],
  ["2024-01-01T10:00:00+0200", "text"],
  ["2024-01-01T10:00:00 Europe/Berlin", "text"],
])("%s is %s", (text, expected) => {
  expect(classOf(text)).toBe(expected);
});

test("JSON numbers need a digit before the point, and are text where a double cannot hold them", () => {
  const strict = (text: string) => classifyNumber(Buffer.from(text), 0, text.length, false);
  expect(strict("0.1234567890123456")).toBe(bit.real);
  expect(strict("12345678901234567890.123")).toBe(bit.text);
  expect(strict(".5")).toBe(bit.text);
});

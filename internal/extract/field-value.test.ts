import fc from "fast-check";
import { expect, test } from "vitest";
import { fieldValue } from "./field-value.ts";

test.each([
  ["£51.77", "51.77"],
  ["$1,234.56", "1234.56"],
  ["1.234,56 €", "1234.56"],
  ["12,50", "12.50"],
  ["1,234", "1234"],
  ["1.234", "1.234"],
  ["1.234.567", "1234567"],
  ["12,34,567.5", "1234567.5"],
  ["1 234,5 zł", "1234.5"],
  ["1'234.50 CHF", "1234.50"],
  ["EUR 5", "5"],
  ["US$5", "5"],
  ["R$ 5,00", "5.00"],
  ["-£5", "-5"],
  ["£ -5", "-5"],
  ["−5.5", "-5.5"],
  ["+5", "5"],
  [".5", "0.5"],
  ["1.5e-3", "1.5e-3"],
  ["12345678901234567890.123456789", "12345678901234567890.123456789"],
  ["00501", "00501"],
])("decimal %j is %s", (text, value) => {
  expect(fieldValue(text, "decimal")).toBe(value);
  expect(fieldValue(text, "double")).toBe(value);
});

test.each([
  "Sold out",
  "1 2",
  "12-34",
  "1,23,4",
  "1.2.3",
  "ABC 5",
  "5 XQQ",
  "5k",
  "A12",
  "1,234.56.7",
  "£",
])("%j is no number and stays, for the cast to refuse", (text) => {
  expect(fieldValue(text, "decimal")).toBe(text);
});

test("integers, other types, nothing", () => {
  expect(fieldValue("1.234 items", "integer")).toBe("1.234 items");
  expect(fieldValue("1.234", "integer")).toBe("1234");
  expect(fieldValue("1,234", "integer")).toBe("1234");
  expect(fieldValue("£5", "text")).toBe("£5");
  expect(fieldValue("2026-01-02", "date")).toBe("2026-01-02");
  expect(fieldValue("", "text")).toBe("");
  expect(fieldValue("", "decimal")).toBeNull();
  expect(fieldValue("", "date")).toBeNull();
});

test("a price as English sites write it is read back", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e9 }),
      fc.integer({ min: 0, max: 99 }),
      (whole, cents) => {
        const fraction = String(cents).padStart(2, "0");
        expect(fieldValue(`$${whole.toLocaleString("en")}.${fraction}`, "decimal")).toBe(
          `${whole}.${fraction}`,
        );
      },
    ),
  );
});

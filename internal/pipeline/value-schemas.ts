// The leaves of the pipeline file's schema.
import { z } from "zod";
import { type Check, checkDuration, checkText } from "./value-checks.ts";

/** A text that passes `check`; what to do travels in the issue's `params`. */
export function textThat(check: Check) {
  return z.string().superRefine((text, context) => {
    const complaint = check(text);
    if (!complaint) return;
    const { what, fix } = complaint;
    context.addIssue({ code: "custom", message: what, params: { fix } });
  });
}

/** A whole number from `least` to `most`. */
export function count(least: number, most: number) {
  return z.int().min(least).max(most);
}

export const duration = textThat(checkDuration);

export const namespaces = z
  .record(textThat(checkText), textThat(checkText).describe("URI"))
  .optional()
  .describe("XML namespaces by the prefix that their elements get. Default {}: no prefixes");

// What a page writes for a reader ("£1,051.77", "1 051,77 kr") as SQL can cast it.

const numberTypes = new Set(["integer", "decimal", "double"]);
const codes = new Set(Intl.supportedValuesOf("currency"));
const grouped = String.raw`\d{1,3}(?:[ '’]\d{3})+`;
const pointForm = new RegExp(
  String.raw`^(\d*|\d{1,3}(?:,\d{3})+|\d{1,2}(?:,\d{2})+,\d{3}|${grouped})(\.\d+)?$`,
);
const commaForm = new RegExp(String.raw`^(\d+|\d{1,3}(?:\.\d{3})+|${grouped})(,\d+)?$`);

/**
 * The text of a field of type `as`. Numbers lose currency signs and codes and thousands separators, and get a decimal
 * point; one comma or point before three digits is a thousands separator for a comma, and for a point in an integer. What is
 * not a number stays as it is, to be refused with the row, not to vanish. Empty text of a type other than text is null.
 */
export function fieldValue(text: string, as: string): string | null {
  if (as === "text") return text;
  if (text === "") return null;
  return numberTypes.has(as) ? (plainNumber(text, as === "integer") ?? text) : text;
}

function plainNumber(text: string, isInteger: boolean): string | null {
  const bare = withoutCurrency(text).replaceAll("−", "-");
  const [, sign = "", digits = ""] = /^([+-]?) ?(.*)$/.exec(bare) ?? [];
  if (!/\d/.test(digits) || digits.length > 100) return null;
  if (/^\d+(\.\d+)?[eE][+-]?\d+$/.test(digits)) return minus(sign) + digits;
  if (isInteger && /^\d{1,3}(\.\d{3})+$/.test(digits))
    return minus(sign) + digits.replaceAll(".", "");
  const match = pointForm.exec(digits) ?? commaForm.exec(digits);
  if (match === null) return null;
  const whole = (match[1] ?? "").replace(/\D/g, "") || "0";
  return minus(sign) + whole + (match[2] ?? "").replace(",", ".");
}

function minus(sign: string): string {
  return sign === "-" ? "-" : "";
}

// "US$ 5", "5 €", "EUR 5", "5 kr"; letters without a sign must be a currency's code or usual short form.
function withoutCurrency(text: string): string {
  return text
    .replace(/[A-Z]{0,3}\p{Sc}/u, "")
    .replace(/^([+−-]?)([A-Z]{3})(?=[ \d.+−-])/, (all, sign: string, code: string) =>
      codes.has(code) ? sign : all,
    )
    .replace(/(?<=[ \d])([A-Z]{3})$/, (all, code: string) => (codes.has(code) ? "" : all))
    .replace(/^(?:kr|zł|Kč|Ft|Rs)\.? ?(?=\d)|(?<=\d) ?(?:kr|zł|Kč|Ft|Rs)\.?$/, "")
    .trim();
}

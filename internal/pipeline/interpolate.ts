// `${VAR}` and `${VAR:-default}` in one scalar of the pipeline file. Values are put into scalars of the parsed document,
// never into its text, so that no value can add keys or change the document's structure.

/** Gives the value of a variable, or undefined when it is not set. */
export type Variables = (name: string) => string | undefined;

/** A scalar after its variables were filled in. */
export type Interpolated = {
  value: string;
  /** The same for printing: what came from a variable stands as `${VAR}`, defaults stand as they are. */
  shown: string;
  /** Some of `value` came from a variable. */
  isSecret: boolean;
  /** The whole scalar was one variable, so that its type is free (YAML core rules). */
  isVariable: boolean;
  /** Variables that are not set and have no default. */
  unset: string[];
  /** Pieces that start like a variable and are none. */
  malformed: string[];
};

const piece = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(:-([^}]*))?\}|\$\{[^}]*\}?/g;

/**
 * Fills in the variables of `text`. As in a shell, `:-default` also stands in for an empty variable. `$${` is a literal
 * `${`. What cannot be filled in stays as it was written and is named in `unset` or `malformed`.
 */
export function interpolate(text: string, variables: Variables): Interpolated {
  const result: Interpolated = {
    value: "",
    shown: "",
    isSecret: false,
    isVariable: false,
    unset: [],
    malformed: [],
  };
  let end = 0;
  const add = (value: string, shown: string): void => {
    result.value += value;
    result.shown += shown;
  };
  for (const match of text.matchAll(piece)) {
    const [whole, name, hasDefault, standard = ""] = match;
    const before = text.slice(end, match.index);
    add(before, before);
    end = match.index + whole.length;
    result.isVariable = whole.length === text.length && name !== undefined;
    if (whole === "$${") {
      add("${", "${");
      continue;
    }
    if (name === undefined) {
      result.malformed.push(whole);
      add(whole, whole);
      continue;
    }
    const given = variables(name);
    if (given !== undefined && !(hasDefault && given === "")) {
      result.isSecret ||= given !== "";
      add(given, `\${${name}}`);
    } else if (hasDefault) {
      add(standard, standard);
    } else {
      result.unset.push(name);
      add(whole, whole);
    }
  }
  const rest = text.slice(end);
  add(rest, rest);
  return result;
}

/**
 * The number, boolean or null that a plain scalar with this text is by the core schema (YAML 1.2.2 section 10.3.2), or
 * the text itself.
 */
export function retype(text: string): string | number | boolean | null {
  if (/^(null|Null|NULL|~|)$/.test(text)) return null;
  if (/^(true|True|TRUE)$/.test(text)) return true;
  if (/^(false|False|FALSE)$/.test(text)) return false;
  if (/^[-+]?\d+$/.test(text)) return Number.parseInt(text, 10);
  if (/^0o[0-7]+$/.test(text)) return Number.parseInt(text.slice(2), 8);
  if (/^0x[0-9a-fA-F]+$/.test(text)) return Number.parseInt(text.slice(2), 16);
  if (/^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(text)) return Number.parseFloat(text);
  return text;
}

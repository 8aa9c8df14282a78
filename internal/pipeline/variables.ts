// Where the variables of a pipeline file come from.
import { UsageError } from "../std/errors.ts";
import type { Variables } from "./interpolate.ts";

/** `config/config.json`, parsed: one object of names and texts, numbers or booleans. */
export type ConfigFile = { path: string; json: unknown };

/**
 * Looks a variable up in `env`, then in the configuration file; the environment wins, also with an empty value. Throws a
 * UsageError when the file is not one flat object.
 */
export function variablesFrom(
  env: Record<string, string | undefined>,
  configFile: ConfigFile | null,
): Variables {
  const configured = new Map<string, string>();
  if (configFile) {
    const { path, json } = configFile;
    const fix = 'Write { "NAME": "value", ... }';
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      throw new UsageError("the configuration is not a JSON object", path, fix);
    }
    const bad: string[] = [];
    for (const [name, value] of Object.entries(json)) {
      if (value === null) continue;
      if (typeof value === "object") bad.push(`"${name}"`);
      else configured.set(name, String(value));
    }
    if (bad.length > 0) {
      const what = `${bad.join(", ")}: expected text, a number, true or false`;
      throw new UsageError(what, path, fix);
    }
  }
  return (name) => (Object.hasOwn(env, name) ? env[name] : undefined) ?? configured.get(name);
}

// What a command comes to: text for people, one JSON document for `--json`, and the exit code.

export type CommandResult = { text: string; json: unknown; exitCode: number };

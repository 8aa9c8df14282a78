// `onpoint init api URL`: looks at one answer of an API, and at its OpenAPI document where there is one, and writes the source
// that would crawl it, for a person to correct.
import { FetchFault } from "../internal/fetch/fetch-fault.ts";
import { type Exchange, openFetcher } from "../internal/fetch/fetch-page.ts";
import { openRoute } from "../internal/fetch/open-route.ts";
import { findOperation } from "../internal/openapi/find-operation.ts";
import { type HintedGuess, withOpenapi } from "../internal/openapi/openapi-hint.ts";
import { readOpenapi } from "../internal/openapi/read-openapi.ts";
import { guessSource } from "../internal/paging/guess-source.ts";
import { UsageError } from "../internal/std/errors.ts";
import { redactValue } from "../internal/telemetry/redact.ts";
import type { CommandResult } from "./command-result.ts";

export type InitApiOptions = {
  header?: string[];
  bearer?: string;
  openapi?: string;
  pipeline?: boolean;
};

/** Longer than any API takes for one page. */
const timeoutMs = 60_000;

/**
 * Throws UsageError when there is no answer to look at: nobody there, not allowed, not JSON, no records; and when the OpenAPI
 * document cannot be used or does not have the operation.
 */
export async function initApiCommand(
  text: string,
  options: InitApiOptions,
): Promise<CommandResult> {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new UsageError(
      `"${text}" is not an http or https URL`,
      "URL",
      "Write it out, such as https://api.example.com/v1/items",
    );
  const headers = headersOf(options.header ?? []);
  const document = options.openapi === undefined ? null : await readOpenapi(options.openapi);
  const operation = document === null ? null : findOperation(document, url);
  const { bearer } = options;
  const auth = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
  const answer = await ask(url, {
    accept: "application/json",
    "user-agent": "onpoint",
    ...headers,
    ...auth,
  });
  const sample = { url, headers: answer.headers, document: documentOf(url, answer) };
  const hinted =
    document === null || operation === null
      ? { guess: guessSource(sample), auth: null, params: {}, notes: {} }
      : withOpenapi(sample, document, operation);
  const { auth: told } = hinted;
  const isProven = bearer !== undefined || headers[told?.header ?? ""] !== undefined;
  if (told !== null && !isProven && !url.searchParams.has(told.param ?? ""))
    hinted.notes.auth = [...(hinted.notes.auth ?? []), "the answer came without it"];
  const { guess } = hinted;
  if (guess.lists.length === 0)
    throw new UsageError(
      `the answer of ${url.origin}${url.pathname} has no list of objects`,
      "URL",
      "Give the URL of a list, or write the source by hand",
    );
  const source = sourceOf(url, headers, bearer !== undefined, hinted);
  const yaml = yamlOf(source, hinted, options.pipeline ?? false);
  return { text: yaml, json: { source, candidates: guess, yaml }, exitCode: 0 };
}

async function ask(url: URL, headers: Record<string, string>): Promise<Exchange> {
  const fetcher = openFetcher();
  const route = openRoute({ named: new Set([url.hostname]) });
  let answer: Exchange;
  try {
    answer = await fetcher.fetch(url.href, { headers, route }, AbortSignal.timeout(timeoutMs));
  } catch (error) {
    if (!(error instanceof FetchFault)) throw error;
    throw unusable(
      `${url.origin} cannot be asked: ${error.message}`,
      "Check the URL and the network",
      error,
    );
  } finally {
    await fetcher.close();
  }
  const { status } = answer;
  const at = `${url.origin}${url.pathname} answered HTTP ${status}`;
  if (status === 401 || status === 403)
    throw new UsageError(at, "URL", 'Prove who asks: --bearer TOKEN, or --header "x-api-key: KEY"');
  if (status >= 300 && status < 400)
    throw new UsageError(
      at,
      "URL",
      `Ask where it leads: ${answer.headers.location ?? "it does not say"}`,
    );
  if (status !== 200) throw new UsageError(at, "URL", "Give a URL that answers with records");
  return answer;
}

function unusable(what: string, fix: string, cause: unknown): UsageError {
  return new UsageError(what, "URL", fix, { cause });
}

function documentOf(url: URL, { body, headers }: Exchange): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (error) {
    const type = headers["content-type"] ?? "no type";
    throw unusable(
      `the answer of ${url.origin}${url.pathname} is not JSON (${type})`,
      "Give the URL of a JSON API",
      error,
    );
  }
}

function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const [name = "", ...value] = line.split(":");
      if (!/^[\w-]+$/.test(name) || value.length === 0)
        throw new UsageError(
          `"${line.slice(0, 40)}" is not a header`,
          "--header",
          'Write it as "name: value"',
        );
      return [name.toLowerCase(), value.join(":").trim()];
    }),
  );
}

/** Secrets are left to variables: the file may be shared. */
function withoutSecrets(values: Record<string, string>): Record<string, string> {
  const clean = redactValue(values) as Record<string, string>;
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      clean[name] === value && !/key|token|secret|auth|sig/i.test(name)
        ? value
        : `\${${variableOf(name)}}`,
    ]),
  );
}

function variableOf(name: string): string {
  return name
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, "_")
    .replace(/^(?=\d)/, "_");
}

function sourceOf(
  url: URL,
  asked: Record<string, string>,
  hasBearer: boolean,
  { guess, auth: hint, params: more }: HintedGuess,
) {
  const [paging] = guess.paging;
  const spent = new Set(paging?.spent ?? []);
  const given = [...url.searchParams].filter(([name]) => !spent.has(name) && name !== hint?.param);
  const params = { ...withoutSecrets(Object.fromEntries(given)), ...more };
  const others = Object.entries(asked).filter(([name]) => name !== hint?.header);
  const headers = withoutSecrets(Object.fromEntries(others));
  // A bearer token that was sent and taken is a way to ask, whatever the document says of others.
  const isTold = hint !== null && (!hasBearer || hint.header === "authorization");
  const auth = isTold ? hint.auth : hasBearer ? { bearer: `\${API_TOKEN}` } : null;
  const name = nameOf(url);
  return {
    name,
    kind: "api",
    url: url.origin + url.pathname,
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    ...(auth === null ? {} : { auth }),
    ...(Object.keys(params).length > 0 ? { params } : {}),
    records: guess.lists[0]?.path ?? "$",
    pagination: paging?.options ?? { kind: "none" },
    table: name,
  };
}

/** The last word of the path that is no number, fit for a table. */
function nameOf(url: URL): string {
  const words = url.pathname
    .toLowerCase()
    .split("/")
    .map((word) => word.replace(/\.\w+$/, "").replace(/[^a-z0-9]+/g, "_"));
  return (
    words.findLast((word) => /^[a-z][a-z0-9_]{0,60}$/.test(word) && !/^v\d+$/.test(word)) ??
    "records"
  );
}

function yamlOf(
  source: ReturnType<typeof sourceOf>,
  { guess, notes: told }: HintedGuess,
  isWhole: boolean,
): string {
  const list = (texts: string[]) =>
    texts.length > 0 ? texts.slice(0, 5).join(", ") : "none found";
  const others = guess.lists.slice(1).map(({ path, count }) => `${path} (${count})`);
  const notes: Record<string, string> = {
    records: `${guess.lists[0]?.count} records; other lists: ${list(others)}`,
    pagination: `${guess.paging[0]?.why}; other ways: ${list(guess.paging.slice(1).map(({ options, why }) => `${options.kind} (${why})`))}`,
    table: `fields that tell records apart: ${list(guess.keys)}; that may grow: ${list(guess.cursors)}`,
  };
  const lines = Object.entries(source).flatMap(([key, value], n) => [
    ...[notes[key] ?? [], told[key] ?? []]
      .flat()
      .map((note) => `    # ${note.replace(/[\r\n]/g, " ")}`),
    `${n === 0 ? "  - " : "    "}${key}: ${JSON.stringify(value)}`,
  ]);
  const head = isWhole ? [`pipeline: ${source.name}`, "sources:"] : [];
  return [...head, ...lines].join("\n");
}

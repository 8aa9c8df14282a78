// What an OpenAPI document adds to a guess from one answer. The answer has the last word on what answers are like, the document
// on what can only be asked for: names of parameters, sizes of pages, credentials. Where they disagree, notes say so.
import {
  guessSource,
  type PagingGuess,
  type SampleAnswer,
  type SourceGuess,
} from "../paging/guess-source.ts";
import { type AuthHint, authHint } from "./auth-hint.ts";
import type { Operation } from "./find-operation.ts";
import { type Json, resolved } from "./read-openapi.ts";
import { sampleAnswer } from "./sample-answer.ts";

/** `params`: of every request. `notes`: by the key of the source that they are about. */
export type HintedGuess = {
  guess: SourceGuess;
  auth: AuthHint | null;
  params: Record<string, string>;
  notes: Record<string, string[]>;
};

const sizeName = /^(limit|per_?page|page_?size|size|count|top|take|first|max_?results)$/i;
const cursorName = /cursor|token|after/i;

type Parameter = { name: string; schema: Json; required: boolean };

/** The guess from the answer, completed by what the document says of the operation. Pure. */
export function withOpenapi(answer: SampleAnswer, document: Json, found: Operation): HintedGuess {
  const parameters = queryParameters(document, found);
  const url = documentedUrl(answer.url, parameters);
  const usesCursor = parameters.some(({ name }) => cursorName.test(name));
  const sample = sampleAnswer(document, found.operation, usesCursor);
  const seen = guessSource(answer);
  const named = guessSource({ ...answer, url });
  const told = sample === null ? null : guessSource({ ...sample, url });
  const notes: Record<string, string[]> = {};
  const note = (key: string, text: string) => {
    notes[key] = [...(notes[key] ?? []), text];
  };
  if (found.isElsewhere) note("url", `no server of the document is at ${answer.url.origin}`);
  const missing = parameters.filter(
    ({ name, required }) => required && !answer.url.searchParams.has(name),
  );
  if (missing.length > 0)
    note("url", `the document requires ${missing.map(({ name }) => name).join(", ")}`);
  const paging = chosenPaging(seen, named, told, (text) => note("pagination", text));
  const [best] = paging;
  const start = parameters.find(({ name }) => name === best?.options.param)?.schema;
  if (best?.options.kind === "page" && (start?.default ?? start?.minimum) === 0)
    best.options = { ...best.options, start: 0 };
  const { hint, others } = authHint(document, found.operation);
  if (hint !== null) note("auth", `the document asks for ${hint.told}`);
  if (others.length > 0) note("auth", `it also names ${others.join(", ")}`);
  return {
    guess: {
      lists: chosenLists(seen, told, (text) => note("records", text)),
      emptyLists: seen.emptyLists,
      paging,
      keys: agreed(seen, told, "keys", "is no key in the answer", (text) => note("table", text)),
      cursors: agreed(seen, told, "cursors", "is no time in the answer", (text) =>
        note("table", text),
      ),
    },
    auth: hint,
    params: sizeParams(answer.url, url, best),
    notes,
  };
}

function queryParameters(document: Json, { parameters }: Operation): Parameter[] {
  return parameters.flatMap((each) => {
    const { name } = each;
    if (each.in !== "query" || typeof name !== "string" || !/^[\w.[\]-]+$/.test(name)) return [];
    const schema = resolved(document, each.schema) ?? {};
    return [{ name, schema, required: each.required === true }];
  });
}

/** The URL as if all documented parameters were in it: those of sizes with the largest that is allowed. */
function documentedUrl(url: URL, parameters: readonly Parameter[]): URL {
  const whole = new URL(url);
  for (const { name, schema } of parameters) {
    const value = schema.maximum ?? schema.default;
    if (!whole.searchParams.has(name))
      whole.searchParams.set(name, typeof value === "number" ? String(value) : "");
  }
  return whole;
}

function chosenLists(
  seen: SourceGuess,
  told: SourceGuess | null,
  note: (text: string) => void,
): SourceGuess["lists"] {
  const path = told?.lists[0]?.path;
  if (path === undefined) return seen.lists;
  if (seen.lists.length === 0 && seen.emptyLists.includes(path)) {
    note("the answer has no records: this is the document's list");
    return [{ path, count: 0 }];
  }
  if (!seen.lists.some((list) => list.path === path))
    note(`the document says ${path}, which is no list of objects in the answer`);
  // The document knows which of several lists has the records.
  return seen.lists.toSorted((a, b) => Number(b.path === path) - Number(a.path === path));
}

/** A kind that the answer shows is taken, with the document's parameters; else the document's. */
function chosenPaging(
  seen: SourceGuess,
  named: SourceGuess,
  told: SourceGuess | null,
  note: (text: string) => void,
): PagingGuess[] {
  const kindOf = (guess: SourceGuess | null) => String(guess?.paging[0]?.options.kind ?? "none");
  const [shown, documented] = [kindOf(seen), kindOf(told)];
  const kind = shown === "none" ? (told === null ? kindOf(named) : documented) : shown;
  if (shown === "none" && kind !== "none")
    note("from the document: the answer does not show how it goes on");
  else if (documented !== "none" && documented !== shown)
    note(`the document says ${documented} (${told?.paging[0]?.why}), the answer does not`);
  const of = (guess: SourceGuess | null) =>
    guess?.paging.find((each) => each.options.kind === kind);
  const best = of(named) ?? of(told);
  const path = of(told)?.options.next;
  if (of(named) !== undefined && path !== undefined && path !== best?.options.next)
    note(`the document says next: ${path}, the answer does not`);
  const others = named.paging.filter((each) => each.options.kind !== kind);
  return best === undefined ? others : [best, ...others];
}

/** The document's candidates first where the answer bears them out; all of them when it has no records. */
function agreed(
  seen: SourceGuess,
  told: SourceGuess | null,
  key: "keys" | "cursors",
  doubt: string,
  note: (text: string) => void,
): string[] {
  const names = told?.[key] ?? [];
  if (seen.lists.length === 0) return names;
  const wrong = names.filter((name) => !seen[key].includes(name));
  if (wrong.length > 0) note(`the document has ${wrong.join(", ")}, which ${doubt}`);
  const right = names.filter((name) => seen[key].includes(name));
  return [...new Set([...right, ...seen[key]])];
}

/** The largest size of a page, where paging does not set it itself. */
function sizeParams(asked: URL, documented: URL, paging: PagingGuess | undefined) {
  const isOwn = ["cursor", "link", "next_url"].includes(String(paging?.options.kind));
  const size = [...documented.searchParams].find(
    ([name, value]) => sizeName.test(name) && !asked.searchParams.has(name) && Number(value) > 0,
  );
  return isOwn && size !== undefined ? { [size[0]]: size[1] } : {};
}

// What a site of the demo server is: a function from a request to an answer. Faults and the log are the server's.

/** `origin`: as the client wrote it, with the port. */
export type SiteRequest = { path: string; query: URLSearchParams; origin: string };
export type SiteAnswer = { status: number; headers: Record<string, string>; body: string };
export type Site = (request: SiteRequest) => SiteAnswer;

/** `text` has to be JSON already. */
export const json = (text: string, headers: Record<string, string> = {}): SiteAnswer => ({
  status: 200,
  headers: { "content-type": "application/json", ...headers },
  body: text,
});

export const refusal = (status: number, message: string): SiteAnswer => ({
  status,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ error: message }),
});

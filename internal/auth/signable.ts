// A request as signatures see it.

/** What is about to be sent. `headers` in any case; a body is POSTed. `nowMs`: epoch. */
export type Signable = {
  url: Pick<URL, "host" | "pathname" | "search">;
  headers: Record<string, string>;
  body: string | null;
  nowMs: number;
};

export const methodOf = ({ body }: Signable) => (body === null ? "GET" : "POST");

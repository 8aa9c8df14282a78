// What an API source in the file says of its requests -> how they are made and paged.
import type { Pagination } from "../model/pipeline.ts";
import type { PipelineFile } from "./pipeline-schema.ts";

type ApiInFile = Extract<PipelineFile["sources"][number], { kind: "api" }>;

/** What is POSTed, or null for GET. */
export function toBody({ method, body, graphql }: ApiInFile): Record<string, unknown> | null {
  if (graphql !== undefined) return { query: graphql.query, variables: { ...graphql.variables } };
  return method === "POST" ? (body ?? {}) : null;
}

/** Pagination with its defaults. */
export function toPagination({ pagination, graphql }: ApiInFile): Pagination {
  if (graphql !== undefined) return toConnection(graphql);
  switch (pagination?.kind) {
    case undefined:
    case "none":
      return { kind: "none" };
    case "page":
      return {
        kind: "page",
        in: pagination.in ?? "query",
        param: pagination.param ?? "page",
        start: pagination.start ?? 1,
        size: pagination.size ?? null,
        sizeParam: pagination.sizeParam ?? null,
        total: pagination.total ?? null,
        totalPages: pagination.totalPages ?? null,
        more: pagination.more ?? null,
      };
    case "offset":
      return {
        kind: "offset",
        in: pagination.in ?? "query",
        param: pagination.param ?? "offset",
        limitParam: pagination.limitParam ?? "limit",
        limit: pagination.limit,
        total: pagination.total ?? null,
        more: pagination.more ?? null,
      };
    case "cursor":
      return {
        kind: "cursor",
        in: pagination.in ?? "query",
        param: pagination.param ?? "cursor",
        next: pagination.next ?? null,
        nextHeader: pagination.nextHeader ?? null,
        more: pagination.more ?? null,
      };
    case "link":
      return { kind: "link" };
    case "next_url":
      return { kind: "next_url", next: pagination.next };
  }
}

/** https://relay.dev/graphql/connections.htm: `pageInfo { hasNextPage endCursor }`. */
function toConnection({
  pageInfo,
  cursor = "after",
}: NonNullable<ApiInFile["graphql"]>): Pagination {
  if (pageInfo === undefined) return { kind: "none" };
  return {
    kind: "cursor",
    in: "body",
    param: `variables.${cursor}`,
    next: `${pageInfo}.endCursor`,
    nextHeader: null,
    more: `${pageInfo}.hasNextPage`,
  };
}

// The demo's three JSON APIs, one way of paging each: by cursor, by page number, by Link header.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dataFolder } from "./data-files.ts";
import { type RecordSlices, recordSlices } from "./record-slices.ts";
import { json, refusal, type Site } from "./site.ts";

const read = (name: string, marker?: string): RecordSlices =>
  recordSlices(readFileSync(join(dataFolder(), name), "utf8"), marker);

/** `/v1/flights?limit=1000&cursor=...` -> `{ data: [...], meta: { next: <cursor> | null } }`. */
export function flightsApi(): Site {
  const flights = read("flights-200k.json");
  return ({ path, query }) => {
    if (path !== "/v1/flights") return refusal(404, `no such path: ${path}`);
    const limit = wholeNumber(query.get("limit"), 100, 1_000);
    const start = query.has("cursor") ? offsetOf(query.get("cursor") ?? "") : 0;
    if (limit === null || start === null)
      return refusal(400, "limit is 1 to 1000, cursor is one of ours");
    const end = start + limit;
    const next = end < flights.count ? cursorOf(end) : null;
    return json(`{"data":${flights.slice(start, end)},"meta":{"next":${JSON.stringify(next)}}}`);
  };
}

/** `/v1/movies?page=1&per_page=100` -> `{ page, results: [...] }`; past the end `results` is empty. */
export function moviesApi(): Site {
  const movies = read("movies.json");
  return ({ path, query }) => {
    if (path !== "/v1/movies") return refusal(404, `no such path: ${path}`);
    const page = wholeNumber(query.get("page"), 1, 1_000_000);
    const size = wholeNumber(query.get("per_page"), 100, 100);
    if (page === null || size === null) return refusal(400, "page is from 1, per_page is 1 to 100");
    return json(`{"page":${page},"results":${movies.slice((page - 1) * size, page * size)}}`);
  };
}

/** `/v1/features?page=1` -> a GeoJSON FeatureCollection of 100, and `Link: <...>; rel="next"` unless it is the last. */
export function quakesApi(): Site {
  const size = 100;
  const quakes = read("earthquakes.json", '"features":');
  return ({ path, query, origin }) => {
    if (path !== "/v1/features") return refusal(404, `no such path: ${path}`);
    const page = wholeNumber(query.get("page"), 1, 1_000_000);
    if (page === null) return refusal(400, "page is from 1");
    const link = (target: number, rel: string) =>
      `<${origin}/v1/features?page=${target}>; rel="${rel}"`;
    const links = [link(1, "first")];
    if (page * size < quakes.count) links.push(link(page + 1, "next"));
    const body = `{"type":"FeatureCollection","features":${quakes.slice((page - 1) * size, page * size)}}`;
    return json(body, { link: links.join(", ") });
  };
}

function wholeNumber(text: string | null, fallback: number, most: number): number | null {
  if (text === null) return fallback;
  const value = Number(text);
  return Number.isInteger(value) && value >= 1 && value <= most ? value : null;
}

const cursorOf = (offset: number): string => Buffer.from(`flight:${offset}`).toString("base64url");

function offsetOf(cursor: string): number | null {
  const digits = /^flight:(\d{1,9})$/.exec(Buffer.from(cursor, "base64url").toString())?.[1];
  return digits === undefined ? null : Number(digits);
}

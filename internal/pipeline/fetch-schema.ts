// The keys of API and web sources that say how their requests travel, and what becomes of them.
import { z } from "zod";
import { type FetchOptions, standardFetchOptions } from "../model/fetch-options.ts";
import { durationMs } from "./duration.ts";
import { localPath } from "./file-url.ts";
import { checkContact, checkHostOrRange, checkPem, checkProxyUrl } from "./network-checks.ts";
import { count, duration, textThat } from "./value-schemas.ts";

const pem = textThat(checkPem).optional();
const proxyUrl = textThat(checkProxyUrl);

/** Part of a source's object. */
export const fetchKeys = {
  contact: textThat(checkContact)
    .optional()
    .describe("URL or e-mail address, added to the User-Agent for those who run the sites"),
  cookies: z
    .enum(["off", "run"])
    .optional()
    .describe("run: keep cookies until the run ends. Default off"),
  proxy: z
    .array(proxyUrl)
    .min(1)
    .optional()
    .describe("URLs of HTTP proxies, http: or https:, taken in turn"),
  http2: z
    .enum(["auto", "off"])
    .optional()
    .describe("auto: HTTP/2 with servers that have it. Default off"),
  tls: z
    .strictObject({
      cert: pem.describe("Client certificate: a PEM file, or its text"),
      key: pem.describe("Its private key: a PEM file, or its text"),
      ca: pem.describe(
        "Certificates that sign servers, instead of the usual: a PEM file, or its text",
      ),
      rejectUnauthorized: z
        .boolean()
        .optional()
        .describe("false: any certificate of a server will do. Default true"),
    })
    .optional()
    .describe("Certificates"),
  limits: z
    .strictObject({
      maxBytes: count(1, 64 * 1024 * 1024 * 1024)
        .optional()
        .describe(
          "Bytes of a body, unpacked; what is longer is cut. Default 67108864, and 4294967296 of an API whose answers are streamed",
        ),
      connect: duration.optional().describe("To connect, TLS included. Default 10s"),
      headers: duration.optional().describe("From a request to its answer. Default 30s"),
      idle: duration.optional().describe("Between two pieces of an answer. Default 30s"),
      total: duration.optional().describe("Of a whole request. Default 2m"),
      redirects: count(0, 50).optional().describe("Redirects in a row. Default 10"),
    })
    .optional()
    .describe("How long and how large answers may be"),
  network: z
    .strictObject({
      allowPrivate: z
        .array(textThat(checkHostOrRange))
        .optional()
        .describe("Hosts, addresses and ranges that links may lead to although they are private"),
    })
    .optional()
    .describe("Which networks may be reached"),
};

type FetchInFile = z.infer<z.ZodObject<typeof fetchKeys>>;

/** Fills in what is not there; relative paths start at `folder`. */
export function toFetchOptions(source: FetchInFile, folder: string): FetchOptions {
  const standard = standardFetchOptions;
  const { limits, tls } = source;
  const ms = (text: string | undefined, otherwise: number) =>
    text === undefined ? otherwise : (durationMs(text) ?? otherwise);
  const file = (text: string | undefined) =>
    text === undefined || isPem(text) ? (text ?? null) : localPath(text, folder);
  return {
    contact: source.contact ?? standard.contact,
    cookies: source.cookies === "run",
    proxies: source.proxy ?? standard.proxies,
    http2: source.http2 === "auto",
    tls:
      tls === undefined
        ? standard.tls
        : {
            cert: file(tls.cert),
            key: file(tls.key),
            ca: file(tls.ca),
            rejectUnauthorized: tls.rejectUnauthorized ?? true,
          },
    limits: {
      maxBytes: limits?.maxBytes ?? standard.limits.maxBytes,
      connectMs: ms(limits?.connect, standard.limits.connectMs),
      headersMs: ms(limits?.headers, standard.limits.headersMs),
      idleMs: ms(limits?.idle, standard.limits.idleMs),
      totalMs: ms(limits?.total, standard.limits.totalMs),
      redirects: limits?.redirects ?? standard.limits.redirects,
    },
    allowPrivate: source.network?.allowPrivate ?? standard.allowPrivate,
  };
}

function isPem(text: string): boolean {
  return text.includes("-----BEGIN ");
}

// What every source that asks servers has: headers, politeness, credentials.
import { z } from "zod";
import {
  checkHeaderName,
  checkHeaderValue,
  checkHttpUrl,
  checkName,
  checkSignText,
  checkText,
} from "./value-checks.ts";
import { count, duration, textThat } from "./value-schemas.ts";

/** Key `name`. */
export const name = textThat(checkName).describe("Name of the source, once in the file");

/** Key `headers`. */
export const headers = z
  .record(textThat(checkHeaderName), textThat(checkHeaderValue))
  .optional()
  .describe("Headers of every request");

const budget = (period: string) =>
  count(1, 1e9)
    .optional()
    .describe(`Requests to a host in ${period} (UTC), over all runs. Default no limit`);

/** Key `rate`. */
export const rate = z
  .strictObject({
    perSecond: z
      .number()
      .positive()
      .max(10_000)
      .optional()
      .describe("Requests started per second and host. Default 2 (web), 10 (api)"),
    concurrency: count(1, 1000)
      .optional()
      .describe("Requests in flight per host. Default 2 (web), 4 (api)"),
    perHour: budget("an hour"),
    perDay: budget("a day"),
    perMonth: budget("a month"),
    backoff: duration
      .optional()
      .describe("First wait after a 5xx answer or a network fault; doubles. Default 1s"),
    maxBackoff: duration.optional().describe("Longest such wait. Default 5m"),
    busyBackoff: duration
      .optional()
      .describe("First wait after 429 or 503 without Retry-After; doubles to a day. Default 60s"),
    maxBlock: duration
      .optional()
      .describe("A host that must be left alone for longer is left out of the run. Default 1h"),
    maxCrawlDelay: duration
      .optional()
      .describe("A host whose Crawl-delay is longer is left out of the run. Default 60s"),
    slowFactor: z
      .number()
      .min(0)
      .max(100)
      .optional()
      .describe("Gap of a host that answers slowly, as a multiple of its answer time. Default 1"),
    perAddress: z
      .strictObject({
        perSecond: z
          .number()
          .positive()
          .max(10_000)
          .describe("Requests sent per second to the address"),
        concurrency: count(1, 1000).describe("Requests in flight to the address"),
      })
      .optional()
      .describe("Pace of an IP address, whatever hosts share it. Default 20 and 20 (internet)"),
  })
  .optional()
  .describe("Politeness towards one host");

const pair = z.strictObject({
  name: textThat(checkText).describe("Name of the header or parameter"),
  value: z.string().describe("Its value"),
});

/** Key `auth`. */
export const auth = z
  .strictObject({
    bearer: textThat(checkHeaderValue).optional().describe("Token (RFC 6750)"),
    basic: z
      .strictObject({
        user: z.string().describe("User"),
        password: z.string().describe("Password"),
      })
      .optional()
      .describe("User and password (RFC 7617)"),
    header: pair
      .extend({ name: textThat(checkHeaderName).describe("Name of the header") })
      .optional()
      .describe("A header that carries a secret"),
    query: pair.optional().describe("A URL parameter that carries a secret"),
    oauth2: z
      .strictObject({
        tokenUrl: textThat(checkHttpUrl).describe("Token endpoint"),
        clientId: textThat(checkText).describe("Client"),
        clientSecret: textThat(checkText)
          .optional()
          .describe("Its secret; absent: a public client"),
        refreshToken: textThat(checkText)
          .optional()
          .describe("Grant refresh_token with this one; absent: client_credentials"),
        clientAuth: z
          .enum(["basic", "body"])
          .optional()
          .describe("Where id and secret of the client go. Default basic"),
        scope: textThat(checkText).optional().describe("Scopes, separated by spaces"),
        audience: textThat(checkText).optional().describe("Parameter audience"),
        params: z.record(z.string(), z.string()).optional().describe("Further parameters"),
      })
      .optional()
      .describe(
        "A token of OAuth 2.0 (RFC 6749), renewed before it ends and shared by all workers",
      ),
    aws: z
      .strictObject({
        accessKeyId: textThat(checkText).describe("Access key"),
        secretAccessKey: textThat(checkText).describe("Its secret"),
        sessionToken: textThat(checkHeaderValue).optional().describe("Of temporary credentials"),
        region: textThat(checkText).describe("Region, such as eu-central-1"),
        service: textThat(checkText).describe("Service, such as execute-api"),
      })
      .optional()
      .describe("AWS Signature Version 4"),
    sign: z
      .strictObject({
        algorithm: z.enum(["sha1", "sha256", "sha512"]).optional().describe("Default sha256"),
        key: textThat(checkText).describe("Key of the HMAC"),
        text: textThat(checkSignText).describe("What is signed: a template"),
        header: textThat(checkHeaderName).describe("Header of the signature"),
        value: textThat(checkSignText).optional().describe('Its value. Default "{signature}"'),
        encoding: z.enum(["hex", "base64"]).optional().describe("Default hex"),
        headers: z
          .record(textThat(checkHeaderName), textThat(checkSignText))
          .optional()
          .describe("Further headers, templates too, such as the date that was signed"),
      })
      .optional()
      .describe("An HMAC over a text made of the request"),
  })
  .meta({ minProperties: 1, maxProperties: 1 })
  .optional()
  .describe("How requests prove who they are: one of the keys");

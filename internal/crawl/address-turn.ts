// A request's turn at the IP address that its host has: hosts that share one are asked no faster together than it allows.
import { isIP } from "node:net";
import { whyNotPublic } from "../fetch/address.ts";
import type { Fetcher } from "../fetch/fetch-page.ts";
import type { AddressPace } from "../model/pipeline.ts";
import type { AddressTurn, AddressTurns } from "../politeness/address-turns.ts";
import type { Crawlable } from "./may-fetch.ts";

/** What an address of the internet is asked at most when a source does not say: a server of many small sites bears it. */
export const standardPace: AddressPace = { perSecond: 20, concurrency: 20 };

const free: AddressTurn = { waitedMs: 0, sent: () => undefined, ended: () => undefined };

/**
 * Waits for a request's turn; null when the pod stops. A private address is nobody's to spare but the pipeline's own, so it
 * has a pace only when the source says so. Through a proxy nobody here knows the address. Throws the signal's reason.
 */
export async function turnAtAddress(
  { fetcher, addresses }: { fetcher: Pick<Fetcher, "addressOf">; addresses: AddressTurns },
  { rate, fetch }: Pick<Crawlable, "rate" | "fetch">,
  url: string,
  signal: AbortSignal,
): Promise<AddressTurn | null> {
  if (fetch.proxies.length > 0) return free;
  const hostname = new URL(url).hostname.replace(/^\[|\]$/g, "");
  const address = isIP(hostname) === 0 ? await fetcher.addressOf(hostname) : hostname;
  if (address === null) return free;
  const pace = rate.perAddress ?? (whyNotPublic(address) === null ? standardPace : null);
  return pace === null ? free : addresses.take(address, pace, signal);
}

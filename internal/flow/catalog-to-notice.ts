// Stage notice: a run's verdict in, a webhook call and a mail out. Run by the coordinator before the verdict is written down,
// so that a crash or a stop can repeat a notice (with the same Idempotency-Key) but never lose one.
import type { Fetcher } from "../fetch/fetch-page.ts";
import { openRoute } from "../fetch/open-route.ts";
import type { Notify } from "../model/pipeline.ts";
import type { RunReport } from "../model/run.ts";
import { sendEmail } from "../notify/send-email.ts";
import { describeError } from "../std/errors.ts";
import { backoffMs, pause } from "../std/pause.ts";
import type { Log } from "../telemetry/log.ts";

const attempts = 4;

/**
 * Sends the notices. A notice that cannot be sent is logged; it does not change the verdict. Counts them in the
 * report; nothing is known of the notices when `signal` was aborted. `token` names the generation of the run.
 */
export async function catalogToNotice(
  notify: Notify,
  report: RunReport,
  token: string,
  fetcher: Fetcher,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const sends: { what: string; send: () => Promise<void> }[] = [];
  if (notify.webhook) {
    const { webhook } = notify;
    sends.push({
      what: "webhook",
      send: () => callWebhook(fetcher, webhook, report, token, signal),
    });
  }
  if (notify.email?.smtp) {
    const { smtp, to, from } = notify.email;
    const subject = `onpoint: ${report.run} ${report.state}`;
    const text = [...report.errors, "", JSON.stringify(report, null, 2)].join("\n");
    sends.push({ what: "email", send: () => sendEmail(smtp, { to, from, subject, text }) });
  }
  let failed = 0;
  for (const { what, send } of sends) {
    const error = await persist(send, signal);
    if (signal.aborted) break;
    if (error === null) log.info("notice.sent", { what, state: report.state });
    else {
      failed++;
      log.error("notice.failed", { what, error: describeError(error) });
    }
  }
  const { notice } = report.stages;
  if (notice) {
    notice.dead = failed;
    notice.done = notice.tasks - failed;
  }
}

async function callWebhook(
  fetcher: Fetcher,
  url: string,
  report: RunReport,
  token: string,
  signal: AbortSignal,
): Promise<void> {
  const headers = {
    "content-type": "application/json",
    "idempotency-key": `${token}-${report.state}`,
  };
  // The pipeline names it, so it may be inside of our own network.
  const route = openRoute({ named: [new URL(url).hostname] });
  const body = JSON.stringify(report);
  const { status } = await fetcher.fetch(url, { headers, body, route }, signal);
  if (status >= 300) throw new Error(`the webhook answered ${status}`);
}

async function persist(send: () => Promise<void>, signal: AbortSignal): Promise<unknown> {
  for (let failures = 0; ; failures += 1) {
    try {
      await send();
      return null;
    } catch (error) {
      if (signal.aborted || failures + 1 >= attempts) return error;
      await pause(backoffMs(failures, 500, 5_000), signal);
    }
  }
}

// Mail to people when a run ends.
import { createTransport } from "nodemailer";

/** Sends one plain-text message through the SMTP server at `smtp` (a `smtp:` or `smtps:` URL). Throws what the server says. */
export async function sendEmail(
  smtp: string,
  message: { to: string; from: string; subject: string; text: string },
): Promise<void> {
  const transport = createTransport(smtp);
  try {
    await transport.sendMail(message);
  } finally {
    transport.close();
  }
}

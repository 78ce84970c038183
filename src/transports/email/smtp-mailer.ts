/**
 * Mail by the operator's SMTP server. The library is loaded with the first mail. One connection per mail: notices are
 * rare, and a connection that is kept would have to be looked after. No guard: the server is the operator's, never a
 * tenant's target; texts cannot make the library read files or URLs.
 */
import type { Transporter } from 'nodemailer';
import type { Mail, Mailer } from '../../core/mail.ts';

export type SmtpMailerOptions = {
  /** `smtp://user:password@host:port` or `smtps://…`. Never logged. */
  readonly url: string;
  readonly from: string;
};

const connectTimeoutMs = 10_000;
const silenceTimeoutMs = 30_000;

/** A server's answer that will be the same next time: the address or the text is refused. */
const refusedFrom = 500;

export function createSmtpMailer({ url, from }: SmtpMailerOptions): Mailer {
  let transporter: Promise<Transporter> | null = null;
  const domain = from.slice(from.lastIndexOf('@') + 1);

  const open = async (): Promise<Transporter> => {
    const { createTransport } = await import('nodemailer');
    return createTransport({
      url,
      connectionTimeout: connectTimeoutMs,
      greetingTimeout: connectTimeoutMs,
      socketTimeout: silenceTimeoutMs,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  };

  return {
    async send({ to, subject, text, messageId }: Mail) {
      transporter ??= open();
      const ready = await transporter;
      try {
        await ready.sendMail({
          from: { name: 'Assetwire', address: from },
          to: { name: '', address: to },
          subject,
          text,
          messageId: `<${messageId}@${domain}>`,
          // So that no out-of-office answer comes back.
          headers: { 'auto-submitted': 'auto-generated' },
        });
        return 'sent';
      } catch (error) {
        const code = responseCode(error);
        if (code !== null && code >= refusedFrom && aboutTheMail(error)) return 'refused';
        throw error;
      }
    },
    async stop() {
      (await transporter?.catch(() => null))?.close();
    },
  };
}

function responseCode(error: unknown): number | null {
  const code = typeof error === 'object' && error !== null && 'responseCode' in error ? error.responseCode : null;
  return typeof code === 'number' ? code : null;
}

/** Not about signing in: a wrong password is the operator's to mend, and the mail waits for it. */
function aboutTheMail(error: unknown): boolean {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return code === 'EENVELOPE' || code === 'EMESSAGE';
}

/**
 * Mails to people (notices, warnings) by the same connections as deliveries. No guard: the server is the operator's, never a
 * tenant's target.
 */
import type { Mail, Mailer } from '../../core/mail.ts';
import { readMailAddress } from '../../core/mail-address.ts';
import type { Clock } from '../../runtime/clock.ts';
import { type MailSender, writeMail } from './mail-message.ts';
import type { SmtpPool } from './smtp-pool.ts';

export type SmtpMailerOptions = {
  readonly pool: SmtpPool;
  readonly sender: MailSender;
  readonly clock: Clock;
};

const timeoutMs = 30_000;

export function createSmtpMailer({ pool, sender, clock }: SmtpMailerOptions): Mailer {
  return {
    async send({ to, subject, text, messageId }: Mail) {
      // Older contacts may be written as no mail server should be asked to read.
      if (!readMailAddress(to).ok) return 'refused';
      const mail = await writeMail(sender, { to, subject, text, messageId, headers: [], atMs: clock.nowMs() });
      const outcome = await pool.post({ mail, timeoutMs });
      if (outcome.kind === 'response') return 'sent';
      if (outcome.kind === 'not-accepted' && !outcome.again) return 'refused';
      const why = 'code' in outcome ? outcome.code : '';
      throw new Error(`The mail was not taken: ${outcome.kind} ${why}`.trim());
    },
    async stop() {
      pool.rest();
    },
  };
}

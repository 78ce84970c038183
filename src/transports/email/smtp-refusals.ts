/**
 * What a mail server says when it does not take a mail, in our words, by the number it says it with and the command it says it
 * to (RFC 5321, 4.2; RFC 3463). A 5 ends a mail where it is about the mail; where it is about us (signing in, being let in)
 * the operator mends it and the mail waits.
 */
import type { NotAccepted } from '../../core/outcome.ts';

export type MailRefusal = { readonly code: NotAccepted; readonly again: boolean; readonly detail: string };

/** `command`: of the session: `CONN`, `EHLO`, `AUTH …`, `MAIL FROM`, `RCPT TO`, `DATA`. */
export type SmtpReply = { readonly status: number; readonly text: string; readonly command: string };

const saidCharactersMax = 500;

export function mailRefusal({ status, text, command }: SmtpReply): MailRefusal {
  const said = text.replaceAll(/\p{Cc}+/gu, ' ').slice(0, saidCharactersMax);
  const made = (code: NotAccepted, again: boolean, mend: string): MailRefusal => ({
    code,
    again,
    detail: `${mend}. The mail server: ${said}`,
  });
  if (command.startsWith('AUTH') || status === 530 || status === 534 || status === 535 || status === 538) {
    return made('credentials', true, 'Check user and password of ASSETWIRE_SMTP_URL');
  }
  const aboutUs = !['RCPT TO', 'DATA'].includes(command);
  if (status === 421 || (status < 500 && aboutUs))
    return made('unavailable', true, 'The mail server asks to come back later');
  if (aboutUs)
    return made('access-denied', true, 'The mail server does not let this server, or its sender’s address, send');
  // Enhanced status codes say more where there are some: X.3.4 too big, X.1.x an address, X.2.x a mailbox.
  const enhanced = /\b[45]\.(\d{1,3}\.\d{1,3})\b/.exec(text)?.[1] ?? '';
  if (status < 500) {
    return enhanced.startsWith('7.') && /rate|too many|throttl/i.test(text)
      ? made('throttled', true, 'The mail server takes fewer mails at once')
      : made('deferred', true, 'The mail server takes it later');
  }
  if (enhanced === '3.4' || (status === 552 && command === 'DATA'))
    return made('too-large', false, 'The mail is too large for this mailbox');
  if (command === 'RCPT TO' && (status === 550 || status === 551 || status === 553) && !enhanced.startsWith('7.')) {
    return made('no-such-target', false, 'Check the address: there is no such mailbox');
  }
  return made('refused', false, 'The mail server takes no such mail for this address');
}

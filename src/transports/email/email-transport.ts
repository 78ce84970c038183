/**
 * The e-mail transport: a delivery is one mail to one address, by the operator's mail server. Who sends is the operator's to
 * say; of a webhook come address, subject and content alone. `send` rejects never.
 */
import { createHash } from 'node:crypto';
import { readMailAddress } from '../../core/mail-address.ts';
import { readMailBody } from '../../core/mail-body.ts';
import type { Outcome } from '../../core/outcome.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { OutgoingMessage, Transport } from '../transport.ts';
import { type MailContent, type MailSender, writeMail } from './mail-message.ts';
import type { SmtpPool } from './smtp-pool.ts';

export type EmailTransportSettings = {
  readonly pool: SmtpPool;
  readonly sender: MailSender;
  readonly clock: Clock;
};

const timeoutMsMax = 10 * 60_000;
/** Headers of a message that are headers of its mail; others speak of HTTP. */
const mailHeaders: ReadonlySet<string> = new Set(['list-unsubscribe', 'list-unsubscribe-post']);
const ours = 'assetwire-';
const idHeader = 'assetwire-delivery-id';

export function createEmailTransport({ pool, sender, clock }: EmailTransportSettings): Transport {
  let state: 'new' | 'running' | 'stopped' = 'new';

  const send = async (message: OutgoingMessage): Promise<Outcome> => {
    const timing = { startedAtMs: clock.nowMs(), totalMs: 0 };
    const interrupted = (): boolean => state !== 'running' || message.signal?.aborted === true;
    if (interrupted()) return { kind: 'interrupted', timing };
    const content = contentOf(message, timing.startedAtMs);
    if ('code' in content) return { kind: 'refused-by-config', ...content, timing };
    try {
      const mail = await writeMail(sender, content);
      if (interrupted()) return { kind: 'interrupted', timing };
      const timeoutMs = message.timeoutMs > 0 ? Math.min(message.timeoutMs, timeoutMsMax) : 0;
      return await pool.post({ mail, timeoutMs, ...(message.signal === undefined ? {} : { signal: message.signal }) });
    } catch (error) {
      const said = error instanceof Error ? error.message : '';
      return {
        kind: 'refused-by-config',
        code: 'mail-unwritable',
        detail: `The mail could not be written: ${said}`,
        timing,
      };
    }
  };

  return {
    kind: 'email',
    async start() {
      if (state === 'new') state = 'running';
    },
    send,
    // Connections belong to the mail server, not to an address.
    forget: () => pool.rest(),
    stats: () => ({ connectionsOpen: pool.connections, requestsInFlight: pool.inFlight, pools: 1 }),
    async stop() {
      state = 'stopped';
      pool.stop();
    },
  };
}

/** No mail server is set: every delivery by mail says so. */
export function createMissingEmailTransport(clock: Clock): Transport {
  const detail = 'Set ASSETWIRE_SMTP_URL: this server has no mail server to send by';
  return {
    kind: 'email',
    start: () => Promise.resolve(),
    send: () =>
      Promise.resolve({
        kind: 'not-accepted',
        code: 'unavailable',
        again: true,
        detail,
        timing: { startedAtMs: clock.nowMs(), totalMs: 0 },
      }),
    forget: () => undefined,
    stats: () => ({ connectionsOpen: 0, requestsInFlight: 0, pools: 0 }),
    stop: () => Promise.resolve(),
  };
}

function contentOf(
  { target, subject, headers, body }: OutgoingMessage,
  atMs: number,
): MailContent | { readonly code: string; readonly detail: string } {
  const reading = readMailAddress(target);
  if (!reading.ok)
    return { code: 'mail-address', detail: `The target must be ${reading.wanted}: found ${reading.found}` };
  const bad = headers.find(([name, value]) => !/^[!-9;-~]+$/.test(name) || /[^\x20-\x7e]/.test(value));
  if (bad !== undefined) {
    return { code: 'header', detail: `The header ${JSON.stringify(bad[0].slice(0, 100))} holds what no header may` };
  }
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? 'text/plain';
  const content = readMailBody(type, body);
  if (content === null) return { code: 'mail-body', detail: 'The parts of the mail cannot be told apart' };
  return {
    ...content,
    to: reading.address,
    subject: subject ?? '',
    messageId: headers.find(([name]) => name === idHeader)?.[1] ?? idFor(target, body),
    headers: headers.filter(([name]) => mailHeaders.has(name) || name.startsWith(ours)),
    atMs,
  };
}

/** The same for the same mail. */
function idFor(target: string, body: Uint8Array): string {
  return createHash('sha256').update(target).update('\0').update(body).digest('hex').slice(0, 32);
}

/**
 * The operator's test button: does the mail server take our mails, does Amazon SQS take our messages? One real message goes the
 * way that deliveries go, past the guard, once, and what came of it is told with what was wanted, what was found and how to
 * mend it. It is no delivery: it has no webhook, stands in no log of deliveries and in no statistic.
 */
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { readMailAddress } from '../core/mail-address.ts';
import { queueOrigin, readQueueArn } from '../core/queue-arn.ts';
import { createTokenBucket } from '../core/token-bucket.ts';
import type { OutgoingMessage } from '../transports/transport.ts';
import type { Caller } from './app.ts';
import { commitAudit } from './audit.ts';
import type { AppDeps } from './dependencies.ts';
import { unfit } from './refusals.ts';
import { findingOf } from './transport-findings.ts';

export type TransportCheck = {
  readonly transport: 'email' | 'sqs';
  /** Whether the server took the message. It may still be lost behind it. */
  readonly ok: boolean;
  /** The server that was asked, without credentials: `smtp.example.com:587`, `https://sqs.eu-central-1.amazonaws.com`; null where none is set. */
  readonly server: string | null;
  /** Address or ARN that the message was for. */
  readonly target: string;
  /** As an attempt's: `response`, `timeout`, `not-accepted`… and its code. */
  readonly outcome: string;
  readonly code: string;
  /** In whole milliseconds. */
  readonly tookMs: number;
  readonly wanted: string;
  readonly found: string;
  /** What to do next; of a success, where to look should it not arrive. */
  readonly mend: string;
};

export interface TransportCheckCases {
  /** Sends a mail by the operator's mail server. Throws `invalid_request`, `too_many_requests`. */
  email(caller: Caller, to: string): Promise<TransportCheck>;
  /** Sends a message to a queue with the server's own keys. Throws as `email`. */
  sqs(caller: Caller, queue: string): Promise<TransportCheck>;
}

export type TransportCheckDeps = Pick<AppDeps, 'storage' | 'clock' | 'ids' | 'settings' | 'transports'>;

const timeoutMs = 20_000;

export function createTransportChecks(deps: TransportCheckDeps): TransportCheckCases {
  const take = createBudget(deps.clock);
  return {
    async email(caller, to) {
      const reading = readMailAddress(to);
      if (!reading.ok) throw unfit('/to', reading.wanted, reading.found);
      take();
      const server = deps.settings.mailServer ?? null;
      const text = [
        'This is a test mail of Assetwire.',
        '',
        `It was asked for at ${deps.settings.publicUrl()}. That you read it means: mails of this server arrive here.`,
        'Nothing has to be done.',
      ].join('\n');
      return check(deps, caller, {
        transport: 'email',
        server,
        target: reading.address,
        subject: 'Test of Assetwire',
        headers: [['content-type', 'text/plain; charset=utf-8']],
        text,
      });
    },

    async sqs(caller, queue) {
      const reading = readQueueArn(queue);
      if (!reading.ok) throw unfit('/queue', reading.wanted, reading.found);
      take();
      const text = JSON.stringify({ test: 'assetwire', from: deps.settings.publicUrl(), atMs: deps.clock.nowMs() });
      const server = deps.settings.queueEndpoint ?? queueOrigin(reading.queue);
      return check(deps, caller, { transport: 'sqs', server, target: reading.queue.arn, headers: [], text });
    },
  };
}

type Test = {
  readonly transport: 'email' | 'sqs';
  readonly server: string | null;
  readonly target: string;
  readonly subject?: string;
  readonly headers: OutgoingMessage['headers'];
  readonly text: string;
};

/** The audit row is committed before anything is sent: what cannot be written down is not done. */
async function check(deps: TransportCheckDeps, caller: Caller, test: Test): Promise<TransportCheck> {
  const { transport, server, target, text, ...message } = test;
  const { workspaceId } = caller;
  await commitAudit(deps, caller, { action: 'transport.checked', target: `transport:${transport}`, after: { target } });
  const sender = deps.transports?.get(transport);
  if (sender === undefined) throw new TypeError(`Compose the transport ${transport}: there is none to check`);
  const outcome = await sender.send({
    ...message,
    workspaceId,
    webhookId: deps.ids.next('webhook'),
    target,
    method: 'POST',
    body: Buffer.from(text, 'utf8'),
    timeoutMs,
    connectionsMax: 1,
  });
  return { transport, server, target, ...findingOf(transport, outcome, { server, timeoutMs }) };
}

/** So many a minute, over all admins: a mailbox is not to be flooded by a button. */
function createBudget(clock: AppDeps['clock']): () => void {
  const most = limits.transportChecksPerMinuteMax;
  const bucket = createTokenBucket(most / 60, clock.monotonicMs(), most);
  return () => {
    const nowMs = clock.monotonicMs();
    const readyAtMs = bucket.readyAtMs(nowMs);
    if (readyAtMs > nowMs) {
      throw new AssetwireError('too_many_requests', {
        detail: `Check transports at most ${most} times a minute: more checks came`,
        mend: 'Wait as long as Retry-After says',
        retryAfterSeconds: Math.ceil((readyAtMs - nowMs) / 1_000),
      });
    }
    bucket.spend(1, nowMs);
  };
}

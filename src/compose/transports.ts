/** How deliveries leave: by HTTP, to Amazon SQS, by mail; and mails to people by the same mail server. */
import type { Mailer } from '../core/mail.ts';
import type { TransportKind } from '../core/webhook.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Settings } from '../runtime/configuration.ts';
import { systemTurn } from '../runtime/turn.ts';
import { createEmailTransport, createMissingEmailTransport } from '../transports/email/email-transport.ts';
import type { MailSender } from '../transports/email/mail-message.ts';
import { createSmtpMailer } from '../transports/email/smtp-mailer.ts';
import { readSmtpPlace } from '../transports/email/smtp-place.ts';
import { createSmtpPool, type SmtpPool } from '../transports/email/smtp-pool.ts';
import { createSqsTransport } from '../transports/sqs/sqs-transport.ts';
import type { Transport, TransportStats } from '../transports/transport.ts';

export type Transports = {
  readonly byKind: ReadonlyMap<TransportKind, Transport>;
  /** Null where no mail server is set. */
  readonly mailer: Mailer | null;
  /** All of them together. */
  stats(): TransportStats;
  start(): Promise<void>;
  stop(): Promise<void>;
};

export type TransportsParts = {
  readonly settings: Settings;
  /** The guarded road; calls to queues go by it too. */
  readonly http: Transport;
  readonly clock: Clock;
};

export function createTransports({ settings, http, clock }: TransportsParts): Transports {
  const sqs = createSqsTransport({
    http,
    clock,
    endOfTurn: systemTurn,
    endpoint: settings.sqsEndpoint,
    serverKeys: settings.sqsCredentials === 'server',
  });
  const pool = createPool(settings, clock);
  const sender = senderOf(settings);
  const email = pool === null ? createMissingEmailTransport(clock) : createEmailTransport({ pool, sender, clock });
  // SQS stands on HTTP: up after it, down before it.
  const all = [http, sqs, email];
  return {
    byKind: new Map(all.map((transport) => [transport.kind, transport])),
    mailer: pool === null ? null : createSmtpMailer({ pool, sender, clock }),
    stats() {
      const each = all.map((transport) => transport.stats());
      const sum = (field: keyof TransportStats): number => each.reduce((total, stats) => total + stats[field], 0);
      return {
        connectionsOpen: sum('connectionsOpen'),
        requestsInFlight: sum('requestsInFlight'),
        pools: sum('pools'),
      };
    },
    async start() {
      for (const transport of all) await transport.start();
    },
    async stop() {
      for (const transport of all.toReversed()) await transport.stop();
    },
  };
}

/** `host:port`, without credentials; null where none is set. */
export function mailServerOf({ smtpUrl }: Pick<Settings, 'smtpUrl'>): string | null {
  if (smtpUrl === null) return null;
  const { host, port } = readSmtpPlace(smtpUrl);
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function createPool({ smtpUrl, smtpTls, smtpConnections }: Settings, clock: Clock): SmtpPool | null {
  if (smtpUrl === null) return null;
  return createSmtpPool({ place: readSmtpPlace(smtpUrl), tls: smtpTls, connectionsMax: smtpConnections, clock });
}

/** Mails are signed for the domain of their sender: for another it would prove nothing. */
function senderOf({ mailFrom, mailFromName, dkimKey, dkimSelector }: Settings): MailSender {
  const domain = mailFrom.slice(mailFrom.lastIndexOf('@') + 1);
  return {
    address: mailFrom,
    name: mailFromName,
    dkim: dkimKey === null ? null : { domain, selector: dkimSelector, privateKeyPem: dkimKey },
  };
}

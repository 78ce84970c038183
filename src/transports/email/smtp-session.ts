/**
 * One connection to the mail server: opened and signed in, then mail after mail. Every end is a value. It has no clock of its
 * own: who waits for it closes it.
 */
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import type { Options, SentMessageInfo } from 'nodemailer/lib/smtp-connection';
import type { NetworkFailure } from '../../core/outcome.ts';
import { errorCode, tlsFailure } from '../../egress/connect-failure.ts';
import type { WrittenMail } from './mail-message.ts';
import { type MailRefusal, mailRefusal } from './smtp-refusals.ts';
import type { SmtpPlace } from './smtp-place.ts';

export type SmtpSettings = {
  readonly place: SmtpPlace;
  /** `required`: without STARTTLS nothing is said, no password either. `off`: not even where it is offered. */
  readonly tls: 'offered' | 'required' | 'off';
  /** Trusted beside the usual authorities, in tests. */
  readonly caPem?: string;
};

export type SmtpReplyText = { readonly status: number; readonly text: string };

export type SmtpEnd =
  | { readonly kind: 'accepted'; readonly reply: SmtpReplyText }
  | { readonly kind: 'not-accepted'; readonly refusal: MailRefusal; readonly reply: SmtpReplyText }
  | { readonly kind: 'failed'; readonly failure: NetworkFailure };

export type SmtpSession = {
  /** Null: it is open and signed in. */
  open(): Promise<Exclude<SmtpEnd, { kind: 'accepted' }> | null>;
  send(mail: WrittenMail): Promise<SmtpEnd>;
  /** Whether another mail may follow. */
  readonly usable: boolean;
  /** Mails that went over it, whatever became of them. */
  readonly mails: number;
  /** Where the server was reached; null before. */
  readonly address: string | null;
  /** For a deadline, to say where it struck. */
  readonly phase: 'connect' | 'send' | 'headers';
  onGone(listener: () => void): void;
  quit(): void;
  close(): void;
};

type Sessions = { readonly SMTPConnection: new (options: Options) => SMTPConnection };

/** Loaded with the first mail. */
export async function loadSessions(): Promise<Sessions> {
  const { default: made } = await import('nodemailer/lib/smtp-connection');
  return { SMTPConnection: made };
}

/** Longer than any wait of ours: deadlines are the pool's. */
const libraryTimeoutMs = 10 * 60_000;
const replyBytesMax = 16 * 1024;

export function createSmtpSession({ SMTPConnection: Connection }: Sessions, settings: SmtpSettings): SmtpSession {
  const { place, tls, caPem } = settings;
  const connection = new Connection({
    host: place.host,
    port: place.port,
    secure: place.secure,
    requireTLS: tls === 'required' && !place.secure,
    ignoreTLS: tls === 'off',
    connectionTimeout: libraryTimeoutMs,
    greetingTimeout: libraryTimeoutMs,
    socketTimeout: libraryTimeoutMs,
    socketCloseTimeout: 1_000,
    maxResponseSize: replyBytesMax,
    tls: { minVersion: 'TLSv1.2', rejectUnauthorized: true, ...(caPem === undefined ? {} : { ca: caPem }) },
  });
  let state: 'new' | 'open' | 'gone' = 'new';
  let phase: SmtpSession['phase'] = 'connect';
  let mails = 0;
  let whenGone: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const gone = (error: Error): void => {
    state = 'gone';
    fail(error);
    whenGone();
  };
  // Both stay for good: an error that nobody listens to would end the process.
  connection.on('error', gone);
  connection.on('end', () => gone(new Error('The connection ended')));

  /** One step of the protocol; whatever ends the connection meanwhile ends the step. */
  const step = <Value>(
    run: (done: (error?: Error | null, value?: Value) => void) => void,
  ): Promise<Value | undefined> =>
    new Promise((resolve, reject) => {
      fail = reject;
      run((error, value) => (error === undefined || error === null ? resolve(value) : reject(error)));
    });

  return {
    get usable() {
      return state === 'open';
    },
    get mails() {
      return mails;
    },
    get address() {
      const socket = connection._socket;
      return socket === null || socket === false ? null : (socket.remoteAddress ?? null);
    },
    get phase() {
      return phase;
    },
    onGone(listener) {
      whenGone = listener;
    },
    async open() {
      try {
        await step<void>((done) => connection.connect((error) => done(error)));
        if (place.login !== null && connection.allowsAuth) {
          const login = { ...place.login };
          await step<boolean>((done) => connection.login({ credentials: login, ...login }, done));
        }
        state = 'open';
        return null;
      } catch (error) {
        connection.close();
        return endOf(error, 'CONN');
      }
    },
    async send({ from, to, raw }) {
      mails++;
      phase = 'send';
      try {
        const message = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
        const info = await step<SentMessageInfo>((done) =>
          connection.send({ from, to: [to], size: message.length }, message, done),
        );
        phase = 'headers';
        return { kind: 'accepted', reply: replyOf(info?.response ?? '') };
      } catch (error) {
        const end = endOf(error, 'MAIL FROM');
        // After a mail that was refused the session stands, once it is reset.
        if (end.kind === 'not-accepted' && state === 'open') await reset();
        else this.close();
        return end;
      }
    },
    quit() {
      state = 'gone';
      connection.quit();
    },
    close() {
      state = 'gone';
      connection.close();
      fail(new Error('The connection was closed'));
    },
  };

  async function reset(): Promise<void> {
    try {
      await step<boolean>((done) => connection.reset(done));
    } catch {
      // A session that cannot be reset is not used again.
      state = 'gone';
      connection.close();
    }
  }
}

/** What an error of the library means; `command` where it does not say. */
function endOf(error: unknown, command: string): Exclude<SmtpEnd, { kind: 'accepted' }> {
  const status = numberIn(error, 'responseCode');
  const text = textIn(error, 'response');
  const saidTo = textIn(error, 'command') || command;
  const code = errorCode(error);
  // Whatever the server says to STARTTLS: where it is required, there is no going on without it.
  if (code === 'ETLS') return { kind: 'failed', failure: failureOf(error, code) };
  if (status > 0) {
    const reply = { status, text };
    return { kind: 'not-accepted', refusal: mailRefusal({ ...reply, command: saidTo }), reply };
  }
  const message = error instanceof Error ? error.message : '';
  if (code === 'EMESSAGE' && /size/i.test(message)) {
    const reply = { status: 552, text: '5.3.4 Larger than the server announced that it takes' };
    return { kind: 'not-accepted', refusal: mailRefusal({ ...reply, command: 'DATA' }), reply };
  }
  return { kind: 'failed', failure: failureOf(error, code) };
}

function failureOf(error: unknown, code: string): NetworkFailure {
  const original = textIn(error, 'originalCode') || code;
  const tls = tlsFailure(Object.assign(new Error(), { code: original }));
  if (tls !== null) return tls;
  if (code === 'EDNS') return { kind: 'dns-failed', code: original === 'ENOTFOUND' ? 'not-found' : 'server-failed' };
  if (code === 'ETLS') return { kind: 'tls-failed', code: 'protocol', detail: 'TLS was asked for and not given' };
  if (code === 'EPROTOCOL') return { kind: 'broken', code: 'other', detail: 'The server does not speak SMTP' };
  if (connectCodes.has(original)) return { kind: 'connect-failed', code: original };
  return { kind: 'broken', code: 'reset' };
}

const connectCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'ETIMEDOUT',
  'EACCES',
]);

function replyOf(text: string): SmtpReplyText {
  const status = Number(/^\d{3}/.exec(text)?.[0] ?? 250);
  return { status, text };
}

function numberIn(error: unknown, field: string): number {
  const value: unknown = error instanceof Error ? Reflect.get(error, field) : undefined;
  return typeof value === 'number' ? value : 0;
}

function textIn(error: unknown, field: string): string {
  const value: unknown = error instanceof Error ? Reflect.get(error, field) : undefined;
  return typeof value === 'string' ? value : '';
}

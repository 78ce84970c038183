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
  return new SmtpSession(connection, place.login);
}

/** States: new → open (signed in, a mail may go) → gone. */
export class SmtpSession {
  readonly #connection: SMTPConnection;
  readonly #login: SmtpPlace['login'];
  #state: 'new' | 'open' | 'gone' = 'new';
  #phase: 'connect' | 'send' = 'connect';
  #mails = 0;
  #whenGone: () => void = () => undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor(connection: SMTPConnection, login: SmtpPlace['login']) {
    this.#connection = connection;
    this.#login = login;
    // Both stay for good: an error that nobody listens to would end the process.
    connection.on('error', (error: Error) => this.#gone(error));
    connection.on('end', () => this.#gone(new Error('The connection ended')));
  }

  /** Whether another mail may follow. */
  get usable(): boolean {
    return this.#state === 'open';
  }

  /** Mails that went over it, whatever became of them. */
  get mails(): number {
    return this.#mails;
  }

  /** Where the server was reached; null before. */
  get address(): string | null {
    const socket = this.#connection._socket;
    return socket === null || socket === false ? null : (socket.remoteAddress ?? null);
  }

  /** For a deadline, to say where it struck. */
  get phase(): 'connect' | 'send' {
    return this.#phase;
  }

  onGone(listener: () => void): void {
    this.#whenGone = listener;
  }

  /** Null: it is open and signed in. */
  async open(): Promise<Exclude<SmtpEnd, { kind: 'accepted' }> | null> {
    try {
      await this.#step<void>((done) => this.#connection.connect((error) => done(error)));
      if (this.#login !== null && this.#connection.allowsAuth) {
        const login = { ...this.#login };
        await this.#step<boolean>((done) => this.#connection.login({ credentials: login, ...login }, done));
      }
      this.#state = 'open';
      return null;
    } catch (error) {
      this.#connection.close();
      return endOf(error, 'CONN');
    }
  }

  async send({ from, to, raw }: WrittenMail): Promise<SmtpEnd> {
    this.#mails++;
    this.#phase = 'send';
    try {
      const message = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
      const info = await this.#step<SentMessageInfo>((done) =>
        this.#connection.send({ from, to: [to], size: message.length }, message, done),
      );
      return { kind: 'accepted', reply: replyOf(info?.response ?? '') };
    } catch (error) {
      const end = endOf(error, 'MAIL FROM');
      // After a mail that was refused the session stands, once it is reset.
      if (end.kind === 'not-accepted' && this.usable) await this.reset();
      else this.close();
      return end;
    }
  }

  /** Asks the server whether it is still there, with nothing begun. */
  async reset(): Promise<void> {
    try {
      await this.#step<boolean>((done) => this.#connection.reset(done));
    } catch {
      // A session that cannot be reset is not used again.
      this.close();
    }
  }

  quit(): void {
    this.#state = 'gone';
    this.#connection.quit();
  }

  close(): void {
    this.#state = 'gone';
    this.#connection.close();
    this.#fail(new Error('The connection was closed'));
  }

  #gone(error: Error): void {
    this.#state = 'gone';
    this.#fail(error);
    this.#whenGone();
  }

  /** One step of the protocol; whatever ends the connection meanwhile ends the step. */
  #step<Value>(run: (done: (error?: Error | null, value?: Value) => void) => void): Promise<Value | undefined> {
    return new Promise((resolve, reject) => {
      this.#fail = reject;
      run((error, value) => (error === undefined || error === null ? resolve(value) : reject(error)));
    });
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

/**
 * A few connections to the operator's mail server, kept and used again; mails wait for one in the order they came. A mail ends
 * within its deadline: one that waits is taken out of the queue, one that is on its way loses its connection with it, so that
 * no mail leaves after it was said not to have left.
 *
 * A server that cannot be reached is not tried for each of a thousand mails: for a moment they all end as the last try did.
 */
import type { NetworkFailure, Outcome } from '../../core/outcome.ts';
import type { Clock } from '../../runtime/clock.ts';
import { createIdleSessions, type IdleSessions } from './idle-sessions.ts';
import { createJobs, type Job, type Jobs, type Posting, type UntimedOutcome } from './smtp-jobs.ts';
import {
  createSmtpSession,
  loadSessions,
  type SmtpEnd,
  type SmtpReplyText,
  type SmtpSession,
  type SmtpSettings,
} from './smtp-session.ts';

export type SmtpPoolSettings = SmtpSettings & {
  readonly clock: Clock;
  readonly connectionsMax: number;
};

export type SmtpPool = {
  /** Never rejects. A mail that was taken is a `response` with the server's number and words. */
  post(posting: Posting): Promise<Outcome>;
  /** Lets go of connections that nobody uses. */
  rest(): void;
  readonly connections: number;
  readonly inFlight: number;
  stop(): void;
};

/** A connection is given up after so many mails, as servers ask for. */
const mailsPerConnectionMax = 100;
/** After a server could not be reached. */
const pauseMs = 2_000;
const waitingMax = 10_000;
/** Without a mail for longer than this, a connection is asked whether it is still there. */
const restMsMax = 200;

export function createSmtpPool(settings: SmtpPoolSettings): SmtpPool {
  const { clock } = settings;
  const jobs = createJobs(clock);
  const desk = new SmtpDesk(settings, jobs);
  return {
    post(posting) {
      const timing = { startedAtMs: clock.nowMs(), totalMs: 0 };
      if (desk.stopped || posting.signal?.aborted === true) return Promise.resolve({ kind: 'interrupted', timing });
      if (jobs.size >= waitingMax) return Promise.resolve({ kind: 'timeout', phase: 'connect', timing });
      return new Promise((resolve) => desk.add(jobs.begin(posting, resolve)));
    },
    rest: () => desk.rest(),
    get connections() {
      return desk.connections;
    },
    get inFlight() {
      return jobs.size;
    },
    stop: () => desk.stop(),
  };
}

/** Who gets which connection. A connection is opening, at work, or idle. */
class SmtpDesk {
  stopped = false;
  readonly #settings: SmtpPoolSettings;
  readonly #jobs: Jobs;
  readonly #idle: IdleSessions;
  readonly #open = new Set<SmtpSession>();
  readonly #waiting: Job[] = [];
  #opening = 0;
  #unreachable: { readonly untilMs: number; readonly end: UntimedOutcome } | null = null;

  constructor(settings: SmtpPoolSettings, jobs: Jobs) {
    this.#settings = settings;
    this.#jobs = jobs;
    this.#idle = createIdleSessions(settings.clock, (session) => this.#quit(session));
  }

  get connections(): number {
    return this.#open.size + this.#opening;
  }

  add(job: Job): void {
    this.#waiting.push(job);
    this.#serve();
  }

  rest(): void {
    for (const session of this.#idle.clear()) this.#quit(session);
  }

  stop(): void {
    this.stopped = true;
    this.#jobs.interruptAll();
    this.#idle.clear();
    for (const session of [...this.#open]) session.close();
    this.#open.clear();
  }

  #serve(): void {
    while (this.#waiting.length > 0 && !this.stopped) {
      const session = this.#takeIdle();
      if (session !== null) void this.#use(session);
      else if (this.connections < this.#settings.connectionsMax) void this.#connect();
      else return;
    }
  }

  #nextJob(): Job | null {
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) if (!job.done) return job;
    return null;
  }

  #takeIdle(): SmtpSession | null {
    for (let session = this.#idle.take(); session !== null; session = this.#idle.take()) {
      if (session.usable) return session;
      this.#open.delete(session);
    }
    return null;
  }

  /** Opens a connection for the mail that waits longest. */
  async #connect(): Promise<void> {
    const job = this.#nextJob();
    if (job === null) return;
    const { clock } = this.#settings;
    if (this.#unreachable !== null && clock.monotonicMs() < this.#unreachable.untilMs) {
      job.end(this.#unreachable.end, null);
      return;
    }
    this.#opening++;
    const session = createSmtpSession(await loadSessions(), this.#settings);
    job.session = session;
    // It may have been given up while the library was loaded.
    const failed = job.done || this.stopped ? gone : await session.open();
    this.#opening--;
    if (failed === null) {
      this.#unreachable = null;
      this.#open.add(session);
      session.onGone(() => this.#forget(session));
      await this.#send(job, session);
      return;
    }
    if (failed.kind === 'failed' && !job.done) {
      this.#unreachable = { untilMs: clock.monotonicMs() + pauseMs, end: failed.failure };
    }
    job.end(untimed(failed), session);
    this.#serve();
  }

  /** A connection that was idle may be one that the server has ended: found out before a mail is given to it. */
  async #use(session: SmtpSession): Promise<void> {
    const job = this.#nextJob();
    if (job === null) return this.#release(session);
    if (this.#idle.restedMs(session) > restMsMax) {
      job.session = session;
      await session.reset();
    }
    if (session.usable) return this.#send(job, session);
    job.session = null;
    this.#release(session);
    if (!job.done) this.#waiting.unshift(job);
    this.#serve();
  }

  async #send(job: Job, session: SmtpSession): Promise<void> {
    if (job.done) return this.#release(session);
    job.session = session;
    const end = await session.send(job.mail);
    job.session = null;
    job.end(untimed(end), session);
    this.#release(session);
    this.#serve();
  }

  #release(session: SmtpSession): void {
    if (!session.usable || this.stopped) {
      this.#forget(session);
      session.close();
    } else if (session.mails >= mailsPerConnectionMax) this.#quit(session);
    else {
      this.#idle.put(session);
      this.#serve();
    }
  }

  #quit(session: SmtpSession): void {
    this.#forget(session);
    session.quit();
  }

  #forget(session: SmtpSession): void {
    this.#open.delete(session);
    this.#idle.remove(session);
  }
}

const gone: SmtpEnd & { kind: 'failed' } = { kind: 'failed', failure: { kind: 'broken', code: 'reset' } };

function untimed(end: SmtpEnd): UntimedOutcome {
  switch (end.kind) {
    case 'accepted':
      return { kind: 'response', response: responseOf(end.reply) };
    case 'not-accepted':
      return { kind: 'not-accepted', ...end.refusal, response: responseOf(end.reply) };
    case 'failed':
      return end.failure satisfies NetworkFailure;
    default:
      return end satisfies never;
  }
}

function responseOf({ status, text }: SmtpReplyText) {
  const body = Buffer.from(text, 'utf8');
  return { status, headers: [], body, bodyBytes: body.length, bodyComplete: true };
}

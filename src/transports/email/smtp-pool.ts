/**
 * A few connections to the operator's mail server, kept and used again; mails wait for one in the order they came. A mail ends
 * within its deadline: one that waits is taken out of the queue, one that is on its way loses its connection with it, so that
 * no mail leaves after it was said not to have left.
 *
 * A server that cannot be reached is not tried for each of a thousand mails: for a moment they all end as the last try did.
 */
import type { NetworkFailure, Outcome, Timing } from '../../core/outcome.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { createAbortRegistry } from '../abort-registry.ts';
import type { WrittenMail } from './mail-message.ts';
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

export type Posting = {
  readonly mail: WrittenMail;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
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

/** Servers end sessions that are silent for long; a busy one is given up after so many mails, as servers ask for. */
const idleMsMax = 30_000;
const mailsPerConnectionMax = 100;
/** After a server could not be reached. */
const pauseMs = 2_000;
const waitingMax = 10_000;

type Job = {
  readonly mail: WrittenMail;
  readonly startedAtMs: number;
  readonly startedMs: number;
  done: boolean;
  /** The connection it is on. */
  session: SmtpSession | null;
  /** It had a connection that turned out to be gone. */
  moved: boolean;
  interrupt(): void;
  end(outcome: UntimedOutcome, session: SmtpSession | null): void;
};

type UntimedOutcome = Outcome extends infer One
  ? One extends Outcome
    ? Omit<One, 'timing' | 'address'>
    : never
  : never;
type Held = { readonly session: SmtpSession; idle: Timer | null };

export function createSmtpPool(settings: SmtpPoolSettings): SmtpPool {
  const { clock, connectionsMax } = settings;
  const aborts = createAbortRegistry();
  const jobs = new Set<Job>();
  const waiting: Job[] = [];
  const free: Held[] = [];
  const open = new Set<SmtpSession>();
  let opening = 0;
  let unreachable: { readonly untilMs: number; readonly end: UntimedOutcome } | null = null;
  let stopped = false;

  const serve = (): void => {
    while (waiting.length > 0 && !stopped) {
      const held = takeFree();
      if (held !== null) void run(held);
      else if (open.size + opening < connectionsMax) void connect();
      else return;
    }
  };

  const nextJob = (): Job | null => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) if (!job.done) return job;
    return null;
  };

  const takeFree = (): SmtpSession | null => {
    for (let held = free.pop(); held !== undefined; held = free.pop()) {
      held.idle?.cancel();
      if (held.session.usable) return held.session;
      drop(held.session);
    }
    return null;
  };

  /** Opens a connection for the mail that waits longest. */
  const connect = async (): Promise<void> => {
    const job = nextJob();
    if (job === null) return;
    if (unreachable !== null && clock.monotonicMs() < unreachable.untilMs) {
      job.end(unreachable.end, null);
      return;
    }
    opening++;
    const session = createSmtpSession(await loadSessions(), settings);
    // Given up while the library was loaded.
    const failed = job.done || stopped ? closed : await begin(job, session);
    opening--;
    if (failed !== null) {
      if (failed.kind === 'failed' && !job.done)
        unreachable = { untilMs: clock.monotonicMs() + pauseMs, end: failed.failure };
      job.end(untimed(failed), session);
      serve();
      return;
    }
    unreachable = null;
    open.add(session);
    session.onGone(() => drop(session));
    await post(job, session);
  };

  const begin = (job: Job, session: SmtpSession): ReturnType<SmtpSession['open']> => {
    job.session = session;
    return session.open();
  };

  const run = async (session: SmtpSession): Promise<void> => {
    const job = nextJob();
    if (job === null) release(session);
    else await post(job, session);
  };

  const post = async (job: Job, session: SmtpSession): Promise<void> => {
    if (job.done) {
      release(session);
      return;
    }
    const used = session.mails > 0;
    job.session = session;
    const end = await session.send(job.mail);
    job.session = null;
    if (used && end.kind === 'failed' && session.phase === 'send' && !job.moved && !job.done) {
      // The server had ended the kept connection; nothing of this mail was taken, so this is no second try.
      job.moved = true;
      drop(session);
      waiting.unshift(job);
    } else {
      job.end(untimed(end), session);
      release(session);
    }
    serve();
  };

  const release = (session: SmtpSession): void => {
    if (!session.usable || stopped) {
      drop(session);
      session.close();
      return;
    }
    if (session.mails >= mailsPerConnectionMax) {
      drop(session);
      session.quit();
      return;
    }
    const held: Held = { session, idle: null };
    held.idle = clock.timer(idleMsMax, () => {
      free.splice(free.indexOf(held), 1);
      drop(session);
      session.quit();
    });
    free.push(held);
    serve();
  };

  const drop = (session: SmtpSession): void => {
    open.delete(session);
    const at = free.findIndex((held) => held.session === session);
    if (at >= 0) free.splice(at, 1)[0]?.idle?.cancel();
  };

  const add = ({ mail, timeoutMs, signal }: Posting, resolve: (outcome: Outcome) => void): void => {
    const startedAtMs = clock.nowMs();
    const startedMs = clock.monotonicMs();
    const timing = (): Timing => ({ startedAtMs, totalMs: Math.round((clock.monotonicMs() - startedMs) * 10) / 10 });
    const giveUp = (outcome: UntimedOutcome): void => {
      const { session } = job;
      job.end(outcome, session);
      session?.close();
    };
    const job: Job = {
      mail,
      startedAtMs,
      startedMs,
      done: false,
      session: null,
      moved: false,
      interrupt: () => giveUp({ kind: 'interrupted' }),
      end(outcome, session) {
        if (job.done) return;
        job.done = true;
        deadline.cancel();
        jobs.delete(job);
        if (signal !== undefined) aborts.remove(signal, job);
        const address = session?.address;
        const where = address === null || address === undefined ? {} : { address };
        resolve({ ...outcome, timing: timing(), ...where });
      },
    };
    const deadline = clock.timer(timeoutMs, () => giveUp({ kind: 'timeout', phase: job.session?.phase ?? 'connect' }));
    jobs.add(job);
    if (signal !== undefined) aborts.add(signal, job);
    waiting.push(job);
    serve();
  };

  return {
    post(posting) {
      const timing = { startedAtMs: clock.nowMs(), totalMs: 0 };
      if (stopped || posting.signal?.aborted === true) return Promise.resolve({ kind: 'interrupted', timing });
      if (jobs.size >= waitingMax) return Promise.resolve({ kind: 'timeout', phase: 'connect', timing });
      return new Promise((resolve) => add(posting, resolve));
    },
    rest() {
      for (const { session, idle } of free.splice(0)) {
        idle?.cancel();
        drop(session);
        session.quit();
      }
    },
    get connections() {
      return open.size + opening;
    },
    get inFlight() {
      return jobs.size;
    },
    stop() {
      stopped = true;
      for (const job of [...jobs]) job.interrupt();
      for (const held of free.splice(0)) held.idle?.cancel();
      for (const session of [...open]) session.close();
      open.clear();
    },
  };
}

const closed: SmtpEnd & { kind: 'failed' } = { kind: 'failed', failure: { kind: 'broken', code: 'reset' } };

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

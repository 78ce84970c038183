/** Mails that are to go over a connection: each ends exactly once, by the server, its deadline or an abort. */
import type { Outcome, Timing } from '../../core/outcome.ts';
import type { Clock } from '../../runtime/clock.ts';
import { createAbortRegistry } from '../abort-registry.ts';
import type { WrittenMail } from './mail-message.ts';
import type { SmtpSession } from './smtp-session.ts';

export type Posting = {
  readonly mail: WrittenMail;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
};

export type UntimedOutcome = Outcome extends infer One
  ? One extends Outcome
    ? Omit<One, 'timing' | 'address'>
    : never
  : never;

export type Job = {
  readonly mail: WrittenMail;
  done: boolean;
  /** The connection it is on; closed where the job is given up, so that the mail cannot leave any more. */
  session: SmtpSession | null;
  interrupt(): void;
  end(outcome: UntimedOutcome, session: SmtpSession | null): void;
};

export type Jobs = {
  begin(posting: Posting, resolve: (outcome: Outcome) => void): Job;
  readonly size: number;
  interruptAll(): void;
};

export function createJobs(clock: Clock): Jobs {
  const aborts = createAbortRegistry();
  const jobs = new Set<Job>();

  const begin: Jobs['begin'] = ({ mail, timeoutMs, signal }, resolve) => {
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
      done: false,
      session: null,
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
    return job;
  };

  return {
    begin,
    get size() {
      return jobs.size;
    },
    interruptAll() {
      for (const job of [...jobs]) job.interrupt();
    },
  };
}

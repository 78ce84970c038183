/**
 * Runs jobs one at a time in one inspector process: started when there is something to do, kept while there is more,
 * ended after half a minute of nothing. A job that takes too long or too much memory ends with its process; the next one
 * gets a new process. A process that dies under a job for another reason gets the job a second time in a new one.
 *
 * Where the work can wait, its process runs only when nothing else does. One that comes to nothing that way, because the
 * processors are never idle, is replaced for a while by one that has a share of them.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { AssetwireError } from '../core/errors.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import { createAnswerReader, type Reply } from './answer-reader.ts';
import type { DeriveJob, InspectJob, Job, XmpJob } from './inspector/protocol.ts';
import { waitedMs } from './bounded-process.ts';
import { memoryNote, watchMemory } from './memory-watch.ts';
import { watchRunTime } from './run-time.ts';

export type PoolOptions = {
  readonly clock: Clock;
  readonly start: (onlyWhenIdle: boolean) => ChildProcessWithoutNullStreams;
  /** Of one job, without the time in which the machine did not let it run. */
  readonly timeoutMs: number;
  readonly idleMs: number;
  readonly residentBytesMax: number;
  /** The work is done only when nothing else wants the processors. Default false. */
  readonly canWait?: boolean;
  /** How long a process was ready and not let run; tests hand in a machine that is busy. */
  readonly waitedMs?: (pid: number) => Promise<number | null>;
};

/** A job as it is handed in; the pool numbers it. */
export type Work = Omit<InspectJob, 'id'> | Omit<DeriveJob, 'id'> | Omit<XmpJob, 'id'>;

/** The kind of reply that a job of each kind has. */
const replyKinds = { inspect: 'inspected', derive: 'derived', xmp: 'packet' } as const satisfies {
  readonly [Kind in Job['kind']]: Reply['kind'];
};

export interface InspectorPool {
  /** Does one job; the reply is of the job's kind, or `failed`. Throws `shutting_down` where the pool is stopped meanwhile. */
  run(work: Work): Promise<Reply>;
  /** The running process; null where there is none. For tests and metrics. */
  pid(): number | null;
  stop(): Promise<void>;
}

type Ending = Reply | 'died' | 'starved' | 'stopped';
const waitingMax = 1_000;
/** For so long processes have a share of the processors after one had come to nothing without. */
const sharedForMs = 300_000;

/** The pool; nothing runs before the first job. */
export function createInspectorPool(options: PoolOptions): InspectorPool {
  const { clock, timeoutMs, idleMs } = options;
  let child: Inspector | null = null;
  let idle: Timer | null = null;
  let queue: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let lastId = 0;
  let stopped = false;
  let sharedUntilMs = Number.NEGATIVE_INFINITY;

  const endChild = async (): Promise<void> => {
    const ending = child;
    child = null;
    if (ending !== null) await ending.end();
  };

  const runOnce = async (work: Work): Promise<Ending> => {
    if (stopped) return 'stopped';
    if (child === null || child.ended()) {
      const onlyWhenIdle = options.canWait === true && clock.monotonicMs() >= sharedUntilMs;
      child = createInspector(options, onlyWhenIdle);
    }
    lastId += 1;
    const ending = await child.run({ ...work, id: lastId }, timeoutMs);
    if (child?.ended() === true) child = null;
    return stopped && ending === 'died' ? 'stopped' : ending;
  };

  const runJob = async (work: Work): Promise<Reply> => {
    idle?.cancel();
    const first = await runOnce(work);
    if (first === 'starved') sharedUntilMs = clock.monotonicMs() + sharedForMs;
    const ending = first === 'died' || first === 'starved' ? await runOnce(work) : first;
    if (!stopped) idle = clock.timer(idleMs, () => void endChild());
    if (ending === 'stopped')
      throw new AssetwireError('shutting_down', { detail: 'Inspection must wait: the server stops' });
    if (ending === 'died' || ending === 'starved')
      return { kind: 'failed', code: 'crashed', note: 'the inspector ended while it read the file' };
    return ending;
  };

  return {
    async run(work) {
      stopped = false;
      if (waiting >= waitingMax)
        return { kind: 'failed', code: 'timeout', note: `${waitingMax} other files are waiting` };
      waiting += 1;
      const job = queue.then(() => runJob(work));
      queue = job.catch(() => undefined);
      try {
        return await job;
      } finally {
        waiting -= 1;
      }
    },
    pid: () => child?.pid() ?? null,
    async stop() {
      stopped = true;
      idle?.cancel();
      await endChild();
      await queue;
    },
  };
}

interface Inspector {
  run(job: Job, timeoutMs: number): Promise<Ending>;
  ended(): boolean;
  pid(): number | null;
  /** Kills it and waits until it is gone. */
  end(): Promise<void>;
}

function createInspector(options: PoolOptions, onlyWhenIdle: boolean): Inspector {
  const { clock, start, residentBytesMax } = options;
  const child = start(onlyWhenIdle);
  let isEnded = false;
  let settle: ((ending: Ending) => void) | null = null;
  let wanted: Job | null = null;
  const gone = new Promise<void>((resolve) => {
    const onGone = (): void => {
      isEnded = true;
      settle?.('died');
      resolve();
    };
    child.once('exit', onGone);
    child.once('error', onGone);
  });
  child.stdin.on('error', () => child.kill('SIGKILL'));
  const answers = createAnswerReader(
    ({ id, reply }) => {
      const fits = reply.kind === 'failed' || (wanted !== null && reply.kind === replyKinds[wanted.kind]);
      if (fits && id === wanted?.id && settle !== null) settle(reply);
      else child.kill('SIGKILL');
    },
    () => child.kill('SIGKILL'),
  );
  child.stdout.on('data', (chunk: Buffer) => {
    // What a process that is being ended still says is not listened to.
    if (!child.killed) answers.take(chunk);
  });

  const run = async (job: Job, timeoutMs: number): Promise<Ending> => {
    const watch = watchMemory(child.pid, {
      clock,
      bytesMax: residentBytesMax,
      onExceeded: () => finish({ kind: 'failed', code: 'too_large', note: memoryNote }),
    });
    const deadline = watchRunTime({
      clock,
      timeoutMs,
      waitedMs: async () => (child.pid === undefined ? null : (options.waitedMs ?? waitedMs)(child.pid)),
      onTimeout: () => finish({ kind: 'failed', code: 'timeout', note: `not read within ${timeoutMs / 1_000} s` }),
      ...(onlyWhenIdle ? { onStarved: () => finish('starved') } : {}),
    });
    const finish = (ending: Ending): void => {
      child.kill('SIGKILL');
      settle?.(ending);
    };
    const ending = await new Promise<Ending>((resolve) => {
      wanted = job;
      settle = resolve;
      if (isEnded) resolve('died');
      else child.stdin.write(`${JSON.stringify(job)}\n`);
    });
    settle = null;
    watch.cancel();
    deadline.cancel();
    if (child.killed) await gone;
    return ending;
  };

  return {
    run,
    ended: () => isEnded || child.killed,
    pid: () => child.pid ?? null,
    async end() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

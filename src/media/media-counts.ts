import type { Failure, MediaCounts, MediaJob, MediaOutcome } from './media.ts';

/** Counts what became of jobs, for metrics. */
export function createMediaCounts() {
  const ended = new Map<string, { readonly job: MediaJob; readonly outcome: MediaOutcome; count: number }>();
  let processesStarted = 0;
  let waiting = 0;
  let crashedInARow = 0;
  return {
    started(): void {
      processesStarted += 1;
    },
    /** Runs a job and counts how it ended; one that throws was not done and is not counted. */
    async count<Result extends { readonly kind: string } | Failure>(
      job: MediaJob,
      run: () => Promise<Result>,
    ): Promise<Result> {
      waiting += 1;
      try {
        const result = await run();
        const outcome: MediaOutcome = 'code' in result ? result.code : 'done';
        const name = `${job} ${outcome}`;
        const entry = ended.get(name) ?? { job, outcome, count: 0 };
        entry.count += 1;
        // A packet is read as often as somebody asks: what one file does then says nothing of the others.
        if (job !== 'xmp') crashedInARow = outcome === 'crashed' ? crashedInARow + 1 : 0;
        ended.set(name, entry);
        return result;
      } finally {
        waiting -= 1;
      }
    },
    read: (): MediaCounts => ({
      ended: [...ended.values()].map((entry) => ({ ...entry })),
      processesStarted,
      waiting,
      crashedInARow,
    }),
  };
}

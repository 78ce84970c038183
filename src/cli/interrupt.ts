/**
 * Ctrl-C and its kin. What takes a while runs in `interruptible`: the first signal asks it to end in order, and the command then
 * ends with 130 (143 for SIGTERM); a second signal ends it at once. A reader that went away (`… tail | head`) ends what follows
 * a stream too, and that is its ordinary end.
 */
import type { Client, Query, ServerEvent } from './client.ts';
import type { CliContext } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { coloursOf } from './output.ts';

const stopSignals = ['SIGINT', 'SIGTERM'] as const;
export type StopSignal = (typeof stopSignals)[number];

/** The terminal sends Ctrl-C to a launcher and to us, and the launcher passes it on: within this time it is one wish. */
const sameWishMs = 500;

/** The user ended the command. `mend` says how to go on from there, where that is worth a line. */
export class InterruptedError extends Error {
  readonly signal: StopSignal;
  readonly mend: string | null;
  constructor(signal: StopSignal, message = 'Interrupted', mend: string | null = null) {
    super(message);
    this.name = 'InterruptedError';
    this.signal = signal;
    this.mend = mend;
  }
}

/** Which signal ended the work; null where it was not a signal. */
export function interruptionOf(abort: AbortSignal): InterruptedError | null {
  return abort.reason instanceof InterruptedError ? abort.reason : null;
}

/** Runs `work` with a signal that fires at Ctrl-C; whatever the work makes of it, the command then counts as interrupted. */
export async function interruptible<Result>(
  { clock }: Pick<CliContext, 'clock'>,
  work: (abort: AbortController) => Promise<Result>,
): Promise<Result> {
  const abort = new AbortController();
  let askedAtMs: number | null = null;
  const handlers = stopSignals.map((signal) => {
    const handle = (): void => {
      if (askedAtMs === null) {
        askedAtMs = clock.monotonicMs();
        abort.abort(new InterruptedError(signal));
      } else if (clock.monotonicMs() - askedAtMs > sameWishMs) {
        process.exit(signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.terminated);
      }
    };
    process.on(signal, handle);
    return { signal, handle };
  });
  try {
    const result = await work(abort);
    const interruption = interruptionOf(abort.signal);
    if (interruption !== null) throw interruption;
    return result;
  } catch (error) {
    throw error instanceof InterruptedError ? error : (interruptionOf(abort.signal) ?? error);
  } finally {
    for (const { signal, handle } of handlers) process.off(signal, handle);
  }
}

/** Follows a stream until the user interrupts, nobody reads the output any more, or the server ends the stream. */
export async function followUntilInterrupted(
  { client, path, query }: { readonly client: Client; readonly path: string; readonly query?: Query },
  onEvent: (event: ServerEvent) => void,
  context: Pick<CliContext, 'stderr' | 'stdout' | 'clock'>,
): Promise<void> {
  const { stderr, stdout } = context;
  await interruptible(context, async (abort) => {
    stdout.onClosed?.(() => abort.abort());
    await client.follow(path, {
      signal: abort.signal,
      onEvent,
      onOpen: () => stderr.write(coloursOf(stderr).dim('waiting; Ctrl-C ends\n')),
      ...(query === undefined ? {} : { query }),
    });
  });
}

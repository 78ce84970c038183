/** Questions that outlast a restart of the server: what is followed goes on by itself, and so does who follows it. */
import { UnreachableError } from './client.ts';
import type { CliContext } from './context.ts';

/** Half a minute and more of a server that is away, as pushing has it. */
const triesMax = 7;
const firstPauseMs = 500;
const pauseMsMax = 10_000;

/** Asks until it is answered. Only for what may be asked twice. Throws the last `UnreachableError`, and every other error at once. */
export async function askSteadily<Answer>(
  ask: () => Promise<Answer>,
  { clock }: Pick<CliContext, 'clock'>,
): Promise<Answer> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof UnreachableError) || tries >= triesMax) throw error;
      const pauseMs = Math.min(pauseMsMax, firstPauseMs * 2 ** (tries - 1));
      await new Promise<void>((resolve) => clock.timer(pauseMs, resolve));
    }
  }
}

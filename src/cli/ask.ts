/** A question to the person at the terminal. */
import { createInterface } from 'node:readline/promises';
import type { CliContext } from './context.ts';
import { InterruptedError } from './interrupt.ts';

/** The line typed. Asked on standard error, so that the output can be piped; Ctrl-C interrupts, Ctrl-D answers with nothing. */
export async function ask(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const gone = new AbortController();
  let interrupted = false;
  terminal.once('SIGINT', () => {
    interrupted = true;
    gone.abort();
  });
  terminal.once('close', () => gone.abort());
  try {
    return await terminal.question(question, { signal: gone.signal });
  } catch (error) {
    if (!gone.signal.aborted) throw error;
    process.stderr.write('\n');
    if (interrupted) throw new InterruptedError('SIGINT');
    return '';
  } finally {
    terminal.close();
  }
}

/**
 * Whether to go on with what cannot be taken back. `--yes` answers it; where nobody can be asked, a script meant what it
 * said (`unasked`).
 */
export async function confirmed(
  question: string,
  { yes, unasked }: { readonly yes: boolean | undefined; readonly unasked: boolean },
  context: Pick<CliContext, 'ask'>,
): Promise<boolean> {
  if (yes === true) return true;
  if (context.ask === undefined) return unasked;
  return /^y(es)?$/i.test((await context.ask(`${question} [y/N] `)).trim());
}

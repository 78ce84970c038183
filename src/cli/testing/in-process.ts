/** Runs command lines in this process, against whatever server the environment names: as the program does, without its start. */
import { systemClock } from '../../runtime/clock.ts';
import type { CliContext } from '../context.ts';
import { runCommandLine } from '../program.ts';

export type Said = { readonly code: number; readonly out: string; readonly err: string };

export type InProcess = {
  run(...args: readonly string[]): Promise<Said>;
  /** With `--json`, its answer read. Throws where the command did not end with zero. */
  ask<Answer>(...args: readonly string[]): Promise<Answer>;
};

/** `more` replaces parts of the world: an `ask` that answers questions, the server's parts. */
export function inProcess(
  environment: Readonly<Record<string, string>>,
  more: Partial<Pick<CliContext, 'ask' | 'server'>> = {},
): InProcess {
  const run = async (...args: readonly string[]): Promise<Said> => {
    const said = { out: '', err: '' };
    const output = (name: 'out' | 'err') => ({
      write: (text: string) => void (said[name] += text),
      isTty: false,
      columns: 100,
      colour: false,
    });
    const code = await runCommandLine(args, {
      version: '1.2.3',
      environment,
      clock: systemClock,
      stdout: output('out'),
      stderr: output('err'),
      server: { start: () => Promise.reject(new Error('not in this test')), checkStore: () => Promise.resolve(null) },
      programDirectory: '.',
      ...more,
    });
    return { code, ...said };
  };
  return {
    run,
    async ask<Answer>(...args: readonly string[]) {
      const { code, out, err } = await run(...args, '--json');
      if (code !== 0) throw new Error(`${args.join(' ')} must end with 0: it ended with ${code}\n${out}${err}`);
      return JSON.parse(out) as Answer;
    },
  };
}

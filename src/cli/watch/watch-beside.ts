/**
 * `ASSETWIRE_WATCH`: the folder that a server brings its files from by itself. It is the command `assetwire watch` in a process
 * of its own, so that looking at files never holds up a delivery; it ends with the server, however that ends, because its
 * standard input does. Ended by itself it is started again after a while.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { Settings } from '../../runtime/configuration.ts';
import type { Logger } from '../../runtime/logger.ts';

export type BesideParts = {
  readonly settings: Pick<Settings, 'watch' | 'watchFolder' | 'dataDir' | 'adminKey'>;
  readonly url: string;
  readonly clock: Clock;
  readonly logger: Logger;
};

const restartAfterMs = 10_000;

/** Starts watching; null where no folder is named. */
export function watchBeside({ settings, url, clock, logger }: BesideParts): { stop(): void } | null {
  const { watch, watchFolder, dataDir, adminKey } = settings;
  const [, program = ''] = process.argv;
  if (watch === null) return null;
  let stopped = false;
  let again: Timer | null = null;
  let child: ReturnType<typeof start> | null = null;

  function start(directory: string) {
    const state = join(dataDir, 'watch.json');
    const own = ['watch', directory, '--path', watchFolder, '--state', state, '--attached', '--json'];
    const where = ['--data-dir', dataDir, '--url', url];
    const started = spawn(process.execPath, [...process.execArgv, program, ...own, ...where], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // A key of the operator's own lies in no file; everything else the command finds in the data directory.
      env: { PATH: process.env['PATH'], ...(adminKey === null ? {} : { ASSETWIRE_KEY: adminKey }) },
    });
    started.stdin.on('error', () => undefined);
    createInterface({ input: started.stdout }).on('line', (line) => tell(line));
    createInterface({ input: started.stderr }).on('line', (line) =>
      logger.warn('watch.said', { line: line.slice(0, 500) }),
    );
    started.once('error', (error) => logger.error('watch.not_started', { error: error.message }));
    started.once('close', (code) => {
      child = null;
      if (stopped) return;
      logger.error('watch.ended', { code, directory, againInMs: restartAfterMs });
      again = clock.timer(restartAfterMs, () => {
        child = start(directory);
      });
    });
    return started;
  }
  /** What was done, one line of JSON each. */
  function tell(line: string): void {
    try {
      const { kind, ...event } = JSON.parse(line) as { readonly kind: string };
      if (kind === 'failed') logger.warn('watch.failed', event);
      else logger.info(`watch.${kind}`, event);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      logger.warn('watch.said', { line: line.slice(0, 500) });
    }
  }

  child = start(watch);
  return {
    stop() {
      stopped = true;
      again?.cancel();
      child?.stdin.end();
    },
  };
}

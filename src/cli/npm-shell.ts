/**
 * npm runs its scripts in a shell. A signal sent to npm (by `kill`, by `timeout`, by a container whose command is `npm start`)
 * ends that shell, which hands nothing on: the server would go on, with its ports and its data directory, and nobody would know.
 * Whoever ended them means us. By a terminal's Ctrl-C all of us are told.
 */
import type { Clock } from '../runtime/clock.ts';

export type NpmShell = {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Pick<Clock, 'timer'>;
  /** The process that started this one, as it is now: another, once that one has ended. */
  readonly parentId: () => number;
  /** Called once, when the shell has gone. */
  readonly stop: () => void;
};

const lookEveryMs = 1_000;

/** Watches the shell where npm started us; nothing elsewhere. */
export function endWithNpmShell({ environment, clock, parentId, stop }: NpmShell): void {
  if (environment['npm_lifecycle_event'] === undefined) return;
  const shell = parentId();
  const look = (): void => {
    if (parentId() === shell) clock.timer(lookEveryMs, look);
    else stop();
  };
  clock.timer(lookEveryMs, look);
}

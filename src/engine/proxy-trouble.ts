import type { Outcome } from '../core/outcome.ts';
import type { Clock } from '../runtime/clock.ts';
import type { EngineLog } from './engine-deps.ts';

/** Says in the log that the egress proxy fails: at once, then once a minute with how many attempts it was, however many lanes meet it. */
export type ProxyTrouble = { note(outcome: Outcome): void };

const everyMs = 60_000;

export function createProxyTrouble({
  clock,
  log,
}: {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly log: EngineLog;
}): ProxyTrouble {
  let attempts = 0;
  let quietUntilMs = -Infinity;
  return {
    note(outcome) {
      if (outcome.kind !== 'proxy-failed') return;
      attempts += 1;
      if (clock.monotonicMs() < quietUntilMs) return;
      const { code, detail } = outcome;
      log.warn({ code, detail, attempts }, 'The egress proxy fails: attempts are repeated, no receiver is blamed');
      attempts = 0;
      quietUntilMs = clock.monotonicMs() + everyMs;
    },
  };
}

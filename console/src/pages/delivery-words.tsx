import type { DeliveryState, DeliverySummary } from '../api/deliveries.ts';
import { Badge, type Tone } from '../parts/state.tsx';
import { words } from '../words/words.ts';

const tones: { readonly [state in DeliveryState]: Tone } = {
  pending: 'info',
  held: 'warn',
  delivered: 'good',
  rejected: 'bad',
  dead: 'bad',
  cancelled: 'none',
};

export function StateBadge({ state }: { readonly state: DeliveryState }) {
  return (
    <Badge tone={tones[state]} title={words.deliveries.about[state]}>
      {words.deliveries.states[state]}
    </Badge>
  );
}

/** Why it is as it is, in words: the server names reasons in codes, people in sentences of their own. */
export function reasonOf(reason: string): string {
  const status = /^status-(\d{3})$/.exec(reason)?.[1];
  if (status !== undefined) return words.reasonStatus(status);
  return words.reasons[reason] ?? words.outcomes[reason] ?? reason;
}

/** What came of the last attempt, in two words: the status, or why there was none. */
export function outcomeOf({ lastStatus, lastOutcome }: Pick<DeliverySummary, 'lastStatus' | 'lastOutcome'>): string {
  if (lastStatus !== undefined) return String(lastStatus);
  if (lastOutcome === undefined) return '–';
  return words.outcomes[lastOutcome] ?? lastOutcome;
}

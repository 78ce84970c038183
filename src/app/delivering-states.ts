/** What a filter by outcome says of states: a list that knows it is told leaves most of a log unread. */
import { type DeliveryState, deliveryStates } from '../core/delivery.ts';
import type { OutcomeKind } from '../core/outcome.ts';

type ByOutcome = { readonly outcomes?: readonly OutcomeKind[]; readonly states?: readonly DeliveryState[] };

/**
 * The same query; where no answer is among the outcomes asked for, without the deliveries that were delivered: only an
 * answer delivers (`judgeByPolicy`), and what was delivered is nearly all there is.
 */
export function withStatesOf<Query extends ByOutcome>(query: Query): Query {
  const { outcomes, states = deliveryStates } = query;
  if (outcomes === undefined || outcomes.includes('response')) return query;
  return { ...query, states: states.filter((state) => state !== 'delivered') };
}

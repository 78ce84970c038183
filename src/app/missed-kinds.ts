import type { ChangeKind } from '../core/change.ts';
import { kindsOf } from '../core/webhook-index.ts';
import type { Webhook } from '../core/webhook.ts';
import type { AppDeps } from './dependencies.ts';

/** The kinds of change that a webhook asked for, so that what was missed is looked for among those only. */
export function missedKinds(dialects: AppDeps['dialects'], webhook: Webhook): readonly ChangeKind[] {
  const dialect = dialects.get(webhook.dialect);
  return dialect === undefined ? [] : kindsOf(webhook, dialect.events);
}

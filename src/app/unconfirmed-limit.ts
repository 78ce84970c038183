/** How many questions a workspace may have open at one place: nobody is flooded by endpoints that are not theirs (HARDENING CF-05). */
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Target } from '../core/webhook.ts';
import type { WorkspaceIndex } from './webhook-indexes.ts';

/** Throws `too_many_requests` where this would be one question too many. */
export function refuseManyUnconfirmed({ webhooks }: Pick<WorkspaceIndex, 'webhooks'>, target: Target): void {
  const place = placeOf(target);
  const open = webhooks.filter((one) => one.state === 'pending' && placeOf(one.target) === place).length;
  if (open < limits.unconfirmedPerHostMax) return;
  throw new AssetwireError('too_many_requests', {
    detail: `Ask ${place} for consent at most ${limits.unconfirmedPerHostMax} times at once: so many webhooks wait for it`,
    mend: 'Confirm them, or delete those that nobody will confirm',
    retryAfterSeconds: 600,
  });
}

/** The host whatever its port; the address; the queue. */
export function placeOf(target: Target): string {
  switch (target.transport) {
    case 'http':
      return new URL(target.url).hostname;
    case 'email':
      return target.address.toLowerCase();
    case 'sqs':
      return target.queue;
    default:
      return target satisfies never;
  }
}

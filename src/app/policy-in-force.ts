/** How a webhook is delivered to as things stand, for people: the engine puts the same parts together for itself. */
import { AssetwireError } from '../core/errors.ts';
import type { DeliveryPolicy } from '../core/policy.ts';
import { resolvePolicy } from '../core/policy-resolution.ts';
import type { Webhook } from '../core/webhook.ts';
import type { AppDeps } from './dependencies.ts';
import { propertyPolicy } from './dialect-properties.ts';

/**
 * The webhook's own policy over what its settings say (such as a delivery policy of its vendor's), over what the properties of
 * the workspace say, over the dialect's for this transport. Null where the server has no such dialect any more.
 */
export async function policyInForce(
  { storage, dialects }: Pick<AppDeps, 'storage' | 'dialects'>,
  webhook: Webhook,
): Promise<DeliveryPolicy | null> {
  const dialect = dialects.get(webhook.dialect);
  if (dialect === undefined) return null;
  const { manifest } = dialect;
  const usual = { ...manifest.policy, ...manifest.policyByTransport?.[webhook.target.transport] };
  const properties = await propertyPolicy(storage, webhook.workspaceId, dialect);
  try {
    return resolvePolicy(usual, { ...properties, ...dialect.policyOf?.(webhook), ...webhook.policy });
  } catch (error) {
    // What was stored before bounds became narrower does not count: the dialect's own is then followed.
    if (error instanceof AssetwireError) return usual;
    throw error;
  }
}

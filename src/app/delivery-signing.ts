/** The request of a delivery, signed afresh for whoever repeats it by hand. */
import { AssetwireError } from '../core/errors.ts';
import type { WebhookCare } from '../engine/engine.ts';
import type { DeliveryDetail } from '../storage/contract/list-queries.ts';
import type { Caller } from './app.ts';
import { commitAudit } from './audit.ts';
import { repeatCommand } from './curl.ts';
import type { AppDeps } from './dependencies.ts';
import type { SignedRequest } from './delivery-cases.ts';
import { exactBody } from './exact-body.ts';
import type { LinkMaker } from './links.ts';
import { notFound } from './refusals.ts';
import { storedWebhook } from './webhook-state.ts';

export type DeliverySigningDeps = Pick<
  AppDeps,
  'storage' | 'dialects' | 'ids' | 'clock' | 'logger' | 'signingKeys' | 'signAnew'
> & {
  readonly care: Pick<WebhookCare, 'current'>;
  readonly links: LinkMaker;
};

/**
 * The very bytes that were sent, with the headers of the last attempt and a signature of this moment, made with the keys
 * in force. Nothing is sent. That somebody had it signed is in the audit: it lets its holder speak to the receiver once.
 */
export async function signAnew(
  deps: DeliverySigningDeps,
  caller: Caller,
  detail: DeliveryDetail,
): Promise<SignedRequest> {
  const { storage, clock } = deps;
  const { workspaceId } = caller;
  const { delivery, summary } = detail;
  const [current, change, row, kept] = await Promise.all([
    deps.care.current(workspaceId, delivery.webhookId),
    storage.read.change(workspaceId, delivery.changeId),
    storage.revision({ workspaceId, type: 'webhook', id: delivery.webhookId }, delivery.webhookRevision),
    exactBody(deps, detail),
  ]);
  if (current === null) throw notFound('the webhook of this delivery');
  if (change === null || row === null || kept.source === 'unavailable') {
    throw notFound('the body of this delivery: it is older than what is kept');
  }
  const atMs = clock.nowMs();
  const made = await deps.signAnew({
    current,
    revision: storedWebhook(row),
    // The headers count attempts from what was there before: those of the last one are repeated.
    task: { delivery: { ...delivery, attempts: Math.max(0, summary.attempts - 1) }, change },
    body: Buffer.from(kept.base64, 'base64'),
    links: deps.links(workspaceId, current.webhook.dialect),
    atMs,
  });
  if ('refusal' in made) throw unsignable(made.refusal);
  await commitAudit(deps, caller, { action: 'delivery.signed', target: `delivery:${summary.id}` });
  const { method, url, headers, body, bodySha256 } = made;
  return {
    deliveryId: summary.id,
    signedAtMs: atMs,
    method,
    url,
    headers,
    bodyBase64: kept.base64,
    bodySha256,
    masked: made.masked,
    command: repeatCommand({ method, url, headers, body }),
  };
}

function unsignable({ code, detail }: { readonly code: string; readonly detail: string }): AssetwireError {
  return new AssetwireError('conflict', {
    detail: `Sign a delivery that could leave now: ${detail} (${code})`,
    mend: 'Mend the webhook (its secrets, its credentials, its dialect), then ask again',
  });
}

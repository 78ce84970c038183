/** The exact bytes of a delivery: those that were stored, else rendered again and checked against what was sent. */
import { hash } from 'node:crypto';
import type { Change } from '../core/change.ts';
import type { Webhook } from '../core/webhook.ts';
import type { DeliveryDetail } from '../storage/contract/list-queries.ts';
import type { Rendered } from '../dialects/contract/message.ts';
import type { DeliveryView } from './app.ts';
import type { AppDeps } from './dependencies.ts';
import type { LinkMaker } from './links.ts';
import { storedWebhook } from './webhook-state.ts';

export type ExactBodyDeps = Pick<AppDeps, 'storage' | 'dialects' | 'logger' | 'signingKeys'> & {
  readonly links: LinkMaker;
};

const unavailable: DeliveryView['body'] = { base64: '', source: 'unavailable', hashMatches: null };

/** HARDENING HX-10: the bytes do not change whatever became of the asset; a mismatch would be our bug and is shown. */
export async function exactBody(deps: ExactBodyDeps, detail: DeliveryDetail): Promise<DeliveryView['body']> {
  const sent = detail.attempts.findLast(({ request }) => request.bodySha256 !== '')?.request.bodySha256 ?? null;
  const matches = (body: Uint8Array): boolean | null => (sent === null ? null : hash('sha256', body, 'hex') === sent);
  const shown = (body: Uint8Array, source: 'stored' | 'rendered'): DeliveryView['body'] => ({
    base64: Buffer.from(body).toString('base64'),
    source,
    hashMatches: matches(body),
  });
  if (detail.storedBody !== null) return shown(detail.storedBody, 'stored');
  const parts = await renderedFrom(deps, detail);
  if (parts === null) return unavailable;
  const { delivery } = detail;
  const links = deps.links(delivery.workspaceId, parts.webhook.dialect);
  try {
    const rendered = parts.dialect.render({
      change: parts.change,
      webhook: parts.webhook,
      notification:
        delivery.frozen === undefined ? { event: delivery.event } : { event: delivery.event, frozen: delivery.frozen },
      messageId: delivery.messageId,
      createdAtMs: delivery.createdAtMs,
      links: links.at?.(parts.change.acceptedAtMs) ?? links,
    });
    const body = await finished(deps, delivery.workspaceId, rendered.body);
    return body === null ? unavailable : shown(body, 'rendered');
  } catch (error) {
    deps.logger.error('delivery.render_failed', { deliveryId: delivery.id, error });
    return unavailable;
  }
}

/** A body that carries its own signature is signed anew, which yields the same one; null where that key is gone. */
async function finished(
  { signingKeys }: ExactBodyDeps,
  workspaceId: string,
  body: Rendered['body'],
): Promise<Uint8Array | null> {
  if (body instanceof Uint8Array) return body;
  const signature = await signingKeys.sign(body.sign, workspaceId);
  if ('missing' in signature) return null;
  return signature instanceof Uint8Array ? body.embed(signature) : body.embed(signature.bytes, signature.keyId);
}

async function renderedFrom({ storage, dialects }: ExactBodyDeps, { delivery }: DeliveryDetail) {
  const { workspaceId, webhookId, webhookRevision, changeId } = delivery;
  const [change, row] = await Promise.all([
    storage.read.change(workspaceId, changeId) satisfies Promise<Change | null>,
    storage.revision({ workspaceId, type: 'webhook', id: webhookId }, webhookRevision),
  ]);
  if (change === null || row === null) return null;
  const webhook: Webhook = storedWebhook(row);
  const dialect = dialects.get(webhook.dialect);
  return dialect === undefined ? null : { change, webhook, dialect };
}

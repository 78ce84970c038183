/** Deliveries looked at and sent again. */
import { AssetwireError } from '../core/errors.ts';
import type { ChangeId, DeliveryId } from '../core/ids.ts';
import type { PendingDelivery } from '../core/delivery.ts';
import type { WebhookCare } from '../engine/engine.ts';
import type { DeliveryDetail } from '../storage/contract/list-queries.ts';
import type { Caller, DeliveryCases, DeliveryView } from './app.ts';
import { auditWrite } from './audit.ts';
import { commitOne } from './commit-one.ts';
import type { Committer } from './committer.ts';
import { repeatCommand } from './curl.ts';
import type { AppDeps } from './dependencies.ts';
import { withStatesOf } from './delivering-states.ts';
import { signAnew } from './delivery-signing.ts';
import { exactBody } from './exact-body.ts';
import type { LinkMaker } from './links.ts';
import { findDelivery } from './find-delivery.ts';
import { notFound } from './refusals.ts';
import type { Turns } from './turns.ts';
import { storedWebhook } from './webhook-state.ts';

export type DeliveriesDeps = Pick<
  AppDeps,
  'storage' | 'dialects' | 'ids' | 'clock' | 'engine' | 'logger' | 'signingKeys' | 'signAnew'
> & {
  readonly committer: Committer;
  readonly turns: Turns;
  readonly links: LinkMaker;
  readonly care: Pick<WebhookCare, 'current'>;
};

export function createDeliveries(deps: DeliveriesDeps): DeliveryCases {
  const { storage, turns } = deps;

  const find = async (workspaceId: string, id: string): Promise<DeliveryDetail> => {
    const detail = await storage.read.delivery(workspaceId, id as DeliveryId);
    if (detail === null) throw notFound('the delivery');
    return detail;
  };

  return {
    list: (caller, query) => storage.read.deliveries(withStatesOf({ ...query, workspaceId: caller.workspaceId })),

    async get(caller, id) {
      const detail = await find(caller.workspaceId, id);
      const body = await exactBody(deps, detail);
      return { ...detail.summary, attemptRecords: detail.attempts, body, curl: curlOf(detail, body) };
    },

    async ofMessage(messageId, dialect) {
      const found = await storage.read.deliveryOfMessage(messageId);
      const detail = found === null ? null : await storage.read.delivery(found.workspaceId, found.id);
      if (detail === null) throw unknownMessage();
      const { workspaceId, webhookId, webhookRevision } = detail.delivery;
      const row = await storage.revision({ workspaceId, type: 'webhook', id: webhookId }, webhookRevision);
      if (row === null || storedWebhook(row).dialect !== dialect) throw unknownMessage();
      const body = await exactBody(deps, detail);
      // Whoever asks wants to know what we sent: other bytes would be a lie.
      if (body.source === 'unavailable' || body.hashMatches === false) throw unknownMessage();
      return Buffer.from(body.base64, 'base64');
    },

    signAnew: async (caller, id) => signAnew(deps, caller, await find(caller.workspaceId, id)),

    // One at a time for one delivery, so that a double click makes one redelivery (HARDENING ID-08).
    redeliver: (caller, id) =>
      turns.take(`redeliver ${caller.workspaceId} ${id}`, async () => {
        const detail = await find(caller.workspaceId, id);
        const { summary } = detail;
        await refuseDisabled(deps, caller, summary.webhookId);
        if (summary.state === 'pending' || summary.state === 'held') return hasten(deps, caller, summary.id);
        const { workspaceId } = caller;
        const { webhookId, changeId, messageId } = summary;
        const waiting = await findDelivery(
          storage,
          { workspaceId, webhookId, changeId, states: ['pending'], limit: 100 },
          (other) => other.messageId === messageId,
        );
        return waiting === undefined ? sendAgain(deps, caller, detail) : hasten(deps, caller, waiting.id);
      }),
  };
}

function unknownMessage(): AssetwireError {
  return new AssetwireError('not_found', {
    detail: 'Find the message: there is none of this id, or it is older than what is kept',
  });
}

/** Null where there is no request to repeat: nothing was sent yet, or its bytes cannot be made any more. */
function curlOf({ attempts }: DeliveryDetail, { source, base64 }: DeliveryView['body']): string | null {
  const request = attempts.findLast((attempt) => attempt.request.url !== '')?.request;
  if (request === undefined || source === 'unavailable') return null;
  const { method, url, headers } = request;
  return repeatCommand({ method, url, headers, body: Buffer.from(base64, 'base64') });
}

async function refuseDisabled({ storage }: DeliveriesDeps, { workspaceId }: Caller, webhookId: string): Promise<void> {
  const [row] = await storage.resources([{ workspaceId, type: 'webhook', id: webhookId }]);
  if (row === undefined || row === null) throw notFound('the webhook of this delivery');
  if (storedWebhook(row).state !== 'disabled') return;
  throw new AssetwireError('webhook_disabled', {
    detail: 'Send again to an enabled webhook: it is disabled',
    mend: 'Enable the webhook; what is held is then sent',
  });
}

/** The same delivery, due now: attempts go on counting. */
async function hasten(
  deps: DeliveriesDeps,
  { workspaceId }: Caller,
  id: DeliveryId,
): Promise<{ readonly deliveryId: string }> {
  const { storage, clock, engine } = deps;
  const atMs = clock.nowMs();
  await commitOne(storage, { workspaceId, atMs, deliveryOrders: [{ kind: 'hasten', deliveryId: id, dueAtMs: atMs }] });
  const detail = await storage.read.delivery(workspaceId, id);
  const change = detail === null ? null : await storage.read.change(workspaceId, detail.delivery.changeId);
  if (detail !== null && change !== null && detail.summary.state === 'pending') {
    engine.offer([{ delivery: { ...detail.delivery, dueAtMs: atMs, attempts: detail.summary.attempts }, change }]);
  }
  return { deliveryId: id };
}

async function sendAgain(
  deps: DeliveriesDeps,
  caller: Caller,
  detail: DeliveryDetail,
): Promise<{ readonly deliveryId: string }> {
  const { storage, committer, ids } = deps;
  const { workspaceId } = caller;
  const change = await storage.read.change(workspaceId, detail.delivery.changeId);
  if (change === null) throw notFound('the change of this delivery: it is older than what is kept');
  const written = await committer.write({ workspaceId, type: 'webhook', id: detail.delivery.webhookId }, (_, atMs) => {
    const delivery = redelivery(detail, { id: ids.next('delivery'), origin: 'redelivery', atMs });
    return {
      kind: 'write',
      plan: {
        changes: [],
        tasks: [{ delivery, change }],
        resources: [
          auditWrite(
            { ids, caller },
            { action: 'delivery.redelivered', target: `delivery:${detail.summary.id}` },
            atMs,
          ),
        ],
      },
      answer: () => ({ deliveryId: delivery.id }),
    };
  });
  if (written.kind === 'duplicate') throw new TypeError('A redelivery carries no idempotency row');
  return written.answer;
}

/** The same message once more: change, revision, event and message id are those of the first, so the bytes are too. */
export function redelivery(
  { delivery }: Pick<DeliveryDetail, 'delivery'>,
  { id, origin, atMs }: { readonly id: DeliveryId; readonly origin: 'redelivery' | 'replay'; readonly atMs: number },
): PendingDelivery {
  return {
    id,
    workspaceId: delivery.workspaceId,
    webhookId: delivery.webhookId,
    webhookRevision: delivery.webhookRevision,
    changeId: delivery.changeId satisfies ChangeId,
    subject: delivery.subject,
    event: delivery.event,
    ...(delivery.frozen === undefined ? {} : { frozen: delivery.frozen }),
    messageId: delivery.messageId,
    origin,
    redeliveryOf: delivery.redeliveryOf ?? delivery.id,
    createdAtMs: atMs,
    dueAtMs: atMs,
    attempts: 0,
  };
}

/**
 * The test button: a sample, or a real asset, sent by the same path, guard and log as everything else, with origin
 * `test`, which never counts for or against the webhook.
 */
import type { Change, ChangeKind } from '../core/change.ts';
import { AssetwireError } from '../core/errors.ts';
import { eventsOf } from '../core/event-table.ts';
import { sampleChange } from '../core/sample-change.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { DeliveryTask, Resource } from '../storage/storage.ts';
import type { WebhookCases } from './app.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import type { Matching } from './matching.ts';
import { webhookSnapshot } from './operational.ts';
import { notFound } from './refusals.ts';
import { storedWebhook } from './webhook-state.ts';

export type TestSendDeps = Pick<AppDeps, 'storage' | 'dialects' | 'ids' | 'random'> & {
  readonly committer: Committer;
  readonly matching: Matching;
};

export function createTestSend(deps: TestSendDeps): WebhookCases['test'] {
  const { storage, dialects, ids, committer, matching } = deps;
  return async (caller, id, { event, assetId }) => {
    const { workspaceId } = caller;
    const [row] = await storage.resources([{ workspaceId, type: 'webhook', id }]);
    if (row === undefined || row === null) throw notFound('the webhook');
    const webhook = storedWebhook(row);
    const dialect = dialects.get(webhook.dialect);
    if (dialect === undefined)
      throw new AssetwireError('unknown_dialect', {
        detail: `Test with dialect "${webhook.dialect}": it is not there`,
      });
    if (webhook.state === 'disabled') {
      throw new AssetwireError('webhook_disabled', {
        detail: 'Test an enabled webhook: it is disabled',
        mend: 'Enable it first',
      });
    }
    const asset = assetId === undefined ? null : await findAsset(deps, workspaceId, assetId);
    const chosen = choose(dialect, { webhook, event, real: asset !== null });
    const written = await committer.write({ workspaceId, type: 'webhook', id }, (_, atMs) => {
      const change: Change = {
        id: ids.next('change'),
        workspaceId,
        kind: chosen.kind,
        ...subjectOf(chosen.kind, { webhook, asset, sampleId: ids.next('asset') }),
        occurredAtMs: atMs,
        acceptedAtMs: atMs,
        actor: caller.actor,
        causationDepth: 0,
      };
      const notification = dialect
        .notify(change, webhook, { nowMs: atMs, draw: (count) => deps.random.bytes(count) })
        .find((made) => made.event === chosen.event) ?? { event: chosen.event };
      const delivery = matching.delivery(change, webhook, { notification, origin: 'test', atMs });
      const task: DeliveryTask = { delivery, change };
      return {
        kind: 'write',
        plan: { changes: [], addressed: [change], tasks: [task] },
        answer: () => ({ deliveryId: delivery.id }),
      };
    });
    if (written.kind === 'duplicate') throw new TypeError('A test carries no idempotency row');
    return written.answer;
  };
}

async function findAsset({ storage }: TestSendDeps, workspaceId: string, assetId: string): Promise<Resource> {
  const [asset] = await storage.resources([{ workspaceId, type: 'asset', id: assetId }]);
  if (asset === undefined || asset === null) throw notFound('the asset');
  return asset;
}

/** Which event is sent, and the kind of change that becomes it. */
function choose(
  dialect: Dialect,
  { webhook, event, real }: { readonly webhook: Webhook; readonly event: string | undefined; readonly real: boolean },
): { readonly event: string; readonly kind: ChangeKind } {
  const { manifest, events } = dialect;
  const [own] = eventsOf(events, 'webhook.test');
  if (event === undefined && !real && own !== undefined) return { event: own, kind: 'webhook.test' };
  const wanted =
    event ?? webhook.events.find((name) => name !== '*' && ofAsset(dialect, name) !== undefined) ?? readyEvent(dialect);
  const described = manifest.events.find(({ name }) => name === wanted);
  if (described === undefined) {
    throw new AssetwireError('invalid_event', {
      detail: `Choose an event of dialect "${manifest.id}": got "${String(wanted).slice(0, 100)}"`,
    });
  }
  const kind = (real ? ofAsset(dialect, described.name) : undefined) ?? described.changeKinds[0] ?? 'webhook.test';
  return { event: described.name, kind };
}

function ofAsset({ manifest }: Dialect, event: string): ChangeKind | undefined {
  const kinds = manifest.events.find(({ name }) => name === event)?.changeKinds ?? [];
  return kinds.find((kind) => kind.startsWith('asset.'));
}

function readyEvent({ manifest, events }: Dialect): string | undefined {
  return eventsOf(events, 'asset.ready')[0] ?? manifest.events[0]?.name;
}

function subjectOf(
  kind: ChangeKind,
  {
    webhook,
    asset,
    sampleId,
  }: { readonly webhook: Webhook; readonly asset: Resource | null; readonly sampleId: string },
): Pick<Change, 'subject' | 'subjectVersion' | 'before' | 'after' | 'changed'> {
  if (kind.startsWith('webhook.')) {
    return {
      subject: { type: 'webhook', id: webhook.id },
      subjectVersion: webhook.revision,
      before: null,
      after: webhookSnapshot(webhook),
      changed: [],
    };
  }
  const { subject, before, after, changed } = sampleChange(kind);
  if (asset === null)
    return { subject: { type: subject.type, id: sampleId }, subjectVersion: 1, before, after, changed };
  return {
    subject: { type: 'asset', id: asset.id, ...(asset.alias === undefined ? {} : { externalId: asset.alias }) },
    subjectVersion: asset.version,
    before: before === null ? null : asset.state,
    after: after === null ? null : asset.state,
    changed,
  };
}

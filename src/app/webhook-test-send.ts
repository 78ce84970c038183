/**
 * The test button: a sample, or a real asset, sent by the same rendering, signature, guarded road and log as everything
 * else, with origin `test`. It goes beside the lane: at once and once, whatever state the webhook is in, and it counts
 * neither for nor against it; statistics keep a number of their own for tests.
 */
import type { Change, ChangeKind } from '../core/change.ts';
import { AssetwireError } from '../core/errors.ts';
import { eventsOf } from '../core/event-table.ts';
import type { WebhookId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import { limits } from '../core/limits.ts';
import { sampleAssetId, sampleChange } from '../core/sample-change.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { CurrentWebhook, TriedOnce, WebhookCare } from '../engine/engine.ts';
import type { DeliveryTask } from '../storage/contract/lanes.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { Caller, TestSent, WebhookCases } from './app.ts';
import { commitOne } from './commit-one.ts';
import type { AppDeps } from './dependencies.ts';
import { hasConsented, storedConsent } from './lasting-consent.ts';
import type { LinkMaker } from './links.ts';
import type { Matching } from './matching.ts';
import { webhookSnapshot } from './operational.ts';
import { handshakeKey } from './webhook-handshake.ts';
import { contended, notFound } from './refusals.ts';

export type TestSendDeps = Pick<
  AppDeps,
  'storage' | 'dialects' | 'ids' | 'random' | 'clock' | 'tryOnce' | 'logger' | 'engine'
> & {
  readonly matching: Matching;
  readonly care: Pick<WebhookCare, 'current'>;
  readonly links: LinkMaker;
};

/** Should we be killed before the attempt is recorded, the lane finds the delivery due then and sends it. */
const foundByLaneAfterMs = 120_000;

/** As the use case; `assetKey`: what the sample's asset is called in the dialect, as an asset of a former DAM would be. */
export type TestSend = (
  caller: Caller,
  id: string,
  options: Parameters<WebhookCases['test']>[2] & { readonly assetKey?: string },
) => Promise<TestSent>;

export function createTestSend(deps: TestSendDeps): TestSend {
  let inFlight = 0;
  return async (caller, id, { event, assetId, assetKey, waitMs = 0 }) => {
    if (inFlight >= limits.testSendsMax) throw tooMany();
    inFlight += 1;
    let sending: Promise<TriedOnce | null>;
    let deliveryId: string;
    try {
      const current = await deps.care.current(caller.workspaceId, id as WebhookId);
      if (current === null) throw notFound('the webhook');
      await refuseUnconfirmed(deps, current.webhook);
      const task = await commitTest(deps, { caller, current, event, assetId, assetKey });
      deliveryId = task.delivery.id;
      sending = send(deps, current, task).finally(() => {
        inFlight -= 1;
      });
    } catch (error) {
      inFlight -= 1;
      throw error;
    }
    const tried = waitMs === 0 ? null : await within(deps, sending, waitMs);
    return tried === null ? { deliveryId, attempt: null } : { deliveryId, ...sentView(tried) };
  };
}

/** An endpoint that is asked first is sent nothing else until it has said yes (HARDENING CF-01). */
async function refuseUnconfirmed({ storage }: TestSendDeps, { workspaceId, id }: Webhook): Promise<void> {
  const [asked] = await storage.resources([handshakeKey(workspaceId, id)]);
  const consent = storedConsent(asked);
  if (consent === null || hasConsented(consent)) return;
  throw new AssetwireError('not_confirmed', {
    detail: 'Test a webhook that its endpoint confirmed: nothing but the question is sent to this one',
    mend: 'Let the endpoint visit the link in the question first',
  });
}

function sentView({ attempt, delivery }: TriedOnce): Omit<TestSent, 'deliveryId'> {
  return { state: delivery.state, attempt };
}

function tooMany(): AssetwireError {
  return new AssetwireError('too_many_requests', {
    detail: `Send at most ${limits.testSendsMax} tests at a time: so many are under way`,
    retryAfterSeconds: 5,
  });
}

/** What came of it, or null where that takes longer. */
async function within(
  { clock }: TestSendDeps,
  sending: Promise<TriedOnce | null>,
  waitMs: number,
): Promise<TriedOnce | null> {
  let stop = (): void => undefined;
  const patience = new Promise<null>((resolve) => {
    const timer = clock.timer(waitMs, () => resolve(null));
    stop = () => timer.cancel();
  });
  try {
    return await Promise.race([sending, patience]);
  } finally {
    stop();
  }
}

/** Never rejects: what cannot be sent or recorded now is left to the lane. */
async function send(
  { tryOnce, links, logger, engine }: TestSendDeps,
  current: CurrentWebhook,
  task: DeliveryTask,
): Promise<TriedOnce | null> {
  const { workspaceId, id, dialect } = current.webhook;
  try {
    return await tryOnce({ current, task, links: links(workspaceId, dialect) });
  } catch (error) {
    logger.error('webhook.test_failed', { workspaceId, webhookId: id, deliveryId: task.delivery.id, error });
    return null;
  } finally {
    // A lane in order may have read it meanwhile: it looks again and finds it gone.
    engine.webhookChanged(workspaceId, id);
  }
}

type Wanted = {
  readonly caller: Caller;
  readonly current: CurrentWebhook;
  readonly event: string | undefined;
  readonly assetId: string | undefined;
  readonly assetKey: string | undefined;
};

async function commitTest(
  deps: TestSendDeps,
  { caller, current, event, assetId, assetKey }: Wanted,
): Promise<DeliveryTask> {
  const { storage, dialects, ids, matching, clock } = deps;
  const { workspaceId } = caller;
  const { webhook } = current;
  const dialect = dialects.get(webhook.dialect);
  if (dialect === undefined)
    throw new AssetwireError('unknown_dialect', {
      detail: `Test with dialect "${webhook.dialect}": it is not there`,
    });
  const asset = assetId === undefined ? null : await findAsset(deps, workspaceId, assetId);
  const chosen = choose(dialect, { webhook, event, real: asset !== null });
  const atMs = clock.nowMs();
  const change: Change = {
    id: ids.next('change'),
    workspaceId,
    kind: chosen.kind,
    ...subjectOf(chosen.kind, { webhook, asset, sampleId: sampleAssetId(ids.next('asset')), sampleKey: assetKey }),
    occurredAtMs: atMs,
    acceptedAtMs: atMs,
    actor: caller.actor,
    causationDepth: 0,
  };
  const notification = dialect
    .notify(change, webhook, { nowMs: atMs, draw: (count) => deps.random.bytes(count) })
    .find((made) => made.event === chosen.event) ?? { event: chosen.event };
  const made = matching.delivery(change, webhook, { notification, origin: 'test', atMs });
  const delivery = { ...made, dueAtMs: atMs + foundByLaneAfterMs };
  const result = await commitOne(storage, { workspaceId, atMs, changes: [{ change }], deliveries: [delivery] });
  if (result.status !== 'applied') throw contended();
  return { delivery, change };
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
  const named = webhook.events.filter((name) => name !== '*');
  // One of its own, so that a receiver gets what it knows; of an asset where there is one, since most are.
  const wanted =
    event ??
    named.find((name) => ofAsset(dialect, name) !== undefined) ??
    (real ? undefined : named[0]) ??
    readyEvent(dialect);
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
    sampleKey,
  }: {
    readonly webhook: Webhook;
    readonly asset: Resource | null;
    readonly sampleId: string;
    readonly sampleKey: string | undefined;
  },
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
  if (asset === null) {
    const known = (state: JsonObject | null): JsonObject | null =>
      state === null || sampleKey === undefined ? state : { ...state, aliases: { [webhook.dialect]: sampleKey } };
    const sample = { before: known(before), after: known(after), changed };
    return { subject: { type: subject.type, id: sampleId }, subjectVersion: 1, ...sample };
  }
  return {
    subject: { type: 'asset', id: asset.id, ...(asset.alias === undefined ? {} : { externalId: asset.alias }) },
    subjectVersion: asset.version,
    before: before === null ? null : asset.state,
    after: after === null ? null : asset.state,
    changed,
  };
}

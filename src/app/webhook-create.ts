/** A webhook made: checked, its secrets sealed, within its limits, in one commit with its audit row. */
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { IdempotencyRow } from '../storage/contract/commit-item.ts';
import type { NewDuty } from '../storage/contract/duties.ts';
import type { Caller, WebhookCases, WebhookInput, WebhookView, Written } from './app.ts';
import { auditWrite } from './audit.ts';
import type { Committer } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { webhooksMaxOf } from './dialect-properties.ts';
import { eventsOffIn, refuseEventsOff } from './events-off.ts';
import { refuseNeverAsked } from './never-asked.ts';
import { noticesOwed } from './notice-days.ts';
import { type IdempotentCalls, replay } from './idempotency.ts';
import { storedConsent } from './lasting-consent.ts';
import { signingSecret } from './signing-secret.ts';
import type { SigningKeyMaking } from './signing-keys.ts';
import type { Turns } from './turns.ts';
import type { WorkspaceIndex } from './webhook-indexes.ts';
import { type Handshakes, questionPlan } from './webhook-handshake.ts';
import type { InputChecks } from './webhook-input.ts';
import { secretKey, secretWrite, withSecrets } from './webhook-secrets.ts';
import { auditedWebhook, type WebhookBody, webhookState } from './webhook-state.ts';
import { refuseManyUnconfirmed } from './unconfirmed-limit.ts';
import { isTrial, keyFollowedDuty, trialEndDuty, trialReason } from './webhook-access-duty.ts';
import { heirOf } from './key-holding.ts';
import { boundSettings, refuseEqual } from './webhook-library.ts';
import { refuseTlsWithoutHttps } from './webhook-tls.ts';
import { webhookTurn } from './webhook-turn.ts';
import type { WebhookViews } from './webhook-views.ts';

export type CreationDeps = Pick<AppDeps, 'dialects' | 'ids' | 'vault' | 'random' | 'storage' | 'clock'> & {
  readonly committer: Committer;
  readonly idempotent: IdempotentCalls;
  readonly turns: Turns;
  readonly views: WebhookViews;
  readonly checks: InputChecks;
  readonly handshakes: Pick<Handshakes, 'question'>;
  readonly keyMaking: Pick<SigningKeyMaking, 'ensure'>;
};

type Created = WebhookView & { readonly secret?: string };
/** What the idempotency row keeps of the answer: the secret sealed. */
type Kept = { readonly view: WebhookView; readonly sealedSecret?: string };
type KeepAnswer = (view: WebhookView, secret: string | undefined) => IdempotencyRow;

export function createCreation(deps: CreationDeps): WebhookCases['create'] {
  const { vault } = deps;
  return async (caller, input, idempotency) => {
    const { workspaceId } = caller;
    const place = `${workspaceId} idempotency ${idempotency?.key ?? ''}`;
    const answer = await deps.idempotent.run<Created | Kept>(workspaceId, idempotency, (row) => {
      const keep: KeepAnswer | null =
        row === undefined
          ? null
          : (view, secret) =>
              row(201, { view, ...(secret === undefined ? {} : { sealedSecret: vault.seal(secret, place) }) });
      return deps.turns.take(webhookTurn(workspaceId), () =>
        createOne(deps, { caller, input, fingerprint: idempotency?.fingerprint ?? '' }, keep),
      );
    });
    if (!('view' in answer.body)) return { ...answer, body: answer.body };
    const { view, sealedSecret } = answer.body;
    return {
      ...answer,
      body: sealedSecret === undefined ? view : { ...view, secret: vault.open(sealedSecret, place) },
    };
  };
}

type Wanted = {
  readonly caller: Caller;
  readonly input: WebhookInput;
  readonly fingerprint: string;
  /** Made for one test: it is told nothing else, and goes by itself. */
  readonly trial?: boolean;
};

const trialKeptMs = 3_600_000;

/** A webhook for one test. */
export async function createTrial(deps: CreationDeps, caller: Caller, input: WebhookInput): Promise<WebhookView> {
  const made = await deps.turns.take(webhookTurn(caller.workspaceId), () =>
    createOne(deps, { caller, input, fingerprint: '', trial: true }, null),
  );
  if ('view' in made.body) throw new TypeError('A test carries no idempotency row');
  return made.body;
}

async function createOne(
  deps: CreationDeps,
  { caller, input, fingerprint, trial = false }: Wanted,
  keep: KeepAnswer | null,
): Promise<Written<Created | Kept>> {
  const { workspaceId } = caller;
  const { checks, ids, vault } = deps;
  const dialect = checks.dialect(input.dialect);
  const checked = checks.check(dialect, { settings: {}, headers: [], credentials: { kind: 'none' }, ...input });
  const signing = signingSecret(dialect, input.secret, deps);
  const added = signing === null ? checked.secrets : [signing, ...checked.secrets];
  const given = checked.body.settings ?? {};
  const bound = await boundSettings(deps, caller, { manifest: dialect.manifest, settings: given });
  // While two texts of a rotated key are good, both make what belongs to one key.
  const ownerKeyId = bound === null ? caller.keyId : await heirOf(deps, workspaceId, caller.keyId);
  const id = ids.next('webhook');
  const secrets = secretKey(workspaceId, id);
  refuseEventsOff(dialect, await eventsOffIn(deps.storage, workspaceId, dialect), { wanted: input.events });
  await refuseNeverAsked(deps, input.target);
  await deps.keyMaking.ensure(workspaceId, dialect);
  const webhooksMax = await webhooksMaxOf(deps.storage, workspaceId, dialect);
  const written = await deps.committer.writeAlone<Written<Created>>(
    { workspaceId, type: 'webhook', id },
    [],
    (_, atMs, { index }) => {
      refuseTooMany(dialect, webhooksMax, index);
      const body: WebhookBody = {
        ...newWebhookBody(dialect, input, atMs),
        ...checked.body,
        ...(bound === null ? {} : { settings: bound }),
        ...(trial ? { state: 'pending', stateReason: trialReason } : {}),
        ownerKeyId,
      };
      refuseTlsWithoutHttps(body);
      refuseEqual(dialect.manifest, index.webhooks, body);
      if (trial) refuseTooManyTrials(index);
      else if (body.state === 'pending') refuseManyUnconfirmed(index, body.target);
      const { entries } = withSecrets({ vault, key: secrets, entries: [] }, added, { atMs, overlapMs: 0 });
      const write = secretWrite(secrets, null, entries);
      const webhook: Webhook = { ...body, id, workspaceId, revision: 1, createdAtMs: atMs, updatedAtMs: atMs };
      const question =
        body.state === 'pending' && !trial
          ? deps.handshakes.question(webhook, { version: 1, atMs, before: null })
          : null;
      const consent = storedConsent(question?.resources.find(({ type }) => type === 'handshake'));
      const view = deps.views.fresh(webhook, write.state, consent);
      const note = { action: 'webhook.created', target: `webhook:${id}`, after: auditedWebhook(body) };
      return {
        kind: 'write',
        plan: {
          state: webhookState(body, index.revision + 1),
          changes: [],
          webhooksRevision: index.revision,
          resources: [
            ...(entries.length === 0 ? [] : [write]),
            ...(question?.resources ?? []),
            auditWrite({ ids, caller }, note, atMs),
          ],
          ...questionPlan(question, [
            ...noticesOwed(deps, { before: null, after: body }, { workspaceId, atMs }),
            ...(bound === null ? [] : [boundDuty(deps, { caller, id, trial }, atMs)]),
          ]),
          ...(keep === null ? {} : { idempotency: () => keep(view, signing?.value) }),
        },
        answer: () => ({ status: 201, body: signing === null ? view : { ...view, secret: signing.value } }),
      };
    },
  );
  return written.kind === 'done' ? written.answer : replay<Kept>(written.row, fingerprint);
}

function refuseTooManyTrials({ webhooks }: WorkspaceIndex): void {
  const there = webhooks.filter(isTrial).length;
  if (there < limits.trialWebhooksMax) return;
  throw new AssetwireError('too_many_requests', {
    detail: `Test at most ${limits.trialWebhooksMax} times an hour without a webhook: so many were sent`,
    mend: 'Make a webhook and test that, as often as you like',
    retryAfterSeconds: 600,
  });
}

type Bound = {
  readonly caller: Caller;
  readonly id: string;
  readonly trial: boolean;
};

/** What is owed for a webhook that is about a library. */
function boundDuty(deps: CreationDeps, { caller, id, trial }: Bound, atMs: number): NewDuty {
  const { workspaceId, keyId } = caller;
  if (trial) return trialEndDuty(deps, workspaceId, { webhookId: id, dueAtMs: atMs + trialKeptMs });
  return keyFollowedDuty(deps, workspaceId, { keyId, atMs });
}

/** A webhook as it is first, without what its input sets. */
export function newWebhookBody(dialect: Dialect, input: WebhookInput, atMs: number): WebhookBody {
  const enabled = input.enabled ?? true;
  return {
    name: input.name,
    dialect: dialect.manifest.id,
    target: input.target,
    events: input.events,
    settings: {},
    headers: [],
    credentials: { kind: 'none' },
    policy: {},
    contacts: [],
    state: enabled ? (dialect.manifest.capabilities.handshake ? 'pending' : 'enabled') : 'disabled',
    ...(enabled ? {} : { stateReason: 'Created disabled' }),
    stateChangedAtMs: atMs,
  };
}

/** HARDENING ID-13: decided on the very webhooks that the commit demands to be the present ones. */
function refuseTooMany({ manifest }: Dialect, webhooksMax: number, index: WorkspaceIndex): void {
  const { id, limits: bounds } = manifest;
  const own = index.webhooks.filter((webhook) => webhook.dialect === id).length;
  if (own < webhooksMax && index.webhooks.length < limits.webhooksPerWorkspaceMax) return;
  const raise =
    bounds.webhooksMaxProperty === undefined
      ? ''
      : `, or allow more: PATCH /v1/dialects/${id}/properties sets ${bounds.webhooksMaxProperty}`;
  throw new AssetwireError('limit_reached', {
    detail:
      own >= webhooksMax
        ? `Keep at most ${webhooksMax} webhooks of dialect "${id}" in a workspace: there are ${own}`
        : `Keep at most ${limits.webhooksPerWorkspaceMax} webhooks in a workspace: there are ${index.webhooks.length}`,
    mend: own >= webhooksMax ? `Remove one first${raise}` : 'Remove one first',
  });
}

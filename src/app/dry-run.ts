/**
 * A dry run: which past changes a webhook, as it is or as it might be, would have been told of, which not and why, and
 * the exact message of some of them. Nothing is sent or stored. Changes are read and filtered on reader threads; here
 * only those that match are asked for their notifications, and a bounded few are rendered.
 */
import type { Change, ChangeKind } from '../core/change.ts';
import { eventsOf, type EventTable } from '../core/event-table.ts';
import { type FieldPath, parsePath, valueAt } from '../core/field-path.ts';
import type { ChangeId, WebhookId } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import { kindsOf, wantsEvent } from '../core/webhook-index.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { CurrentWebhook, OpenSecret, Previewer, WebhookCare } from '../engine/engine.ts';
import type { TriedChange } from '../storage/contract/tried-changes.ts';
import type { Caller, WebhookInput, WebhookPatch } from './app.ts';
import type { AppDeps } from './dependencies.ts';
import { assertScope } from './needed-scope.ts';
import type { LinkMaker } from './links.ts';
import type { Matching } from './matching.ts';
import { notFound } from './refusals.ts';
import { signingSecret } from './signing-secret.ts';
import { newWebhookBody } from './webhook-create.ts';
import type { InputChecks } from './webhook-input.ts';

/** What past is looked at, newest first, and what is answered of it. */
export type DryRunQuery = {
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly kinds?: readonly ChangeKind[];
  readonly subject?: string;
  /** These changes alone. */
  readonly changeIds?: readonly string[];
  readonly keep?: 'all' | 'matched' | 'unmatched';
  readonly limit: number;
  readonly cursor?: string;
  /** How many of the matching changes of this page are rendered. Default 1. */
  readonly render?: number;
};

/** What of the saved webhook is replaced for this run. */
export type DryRunChanges = Pick<WebhookPatch, 'events' | 'filter' | 'projection' | 'settings'>;

export type DryRunReason =
  | { readonly code: 'not_supported'; readonly detail: string }
  | { readonly code: 'event_not_subscribed'; readonly detail: string; readonly events: readonly string[] }
  | {
      readonly code: 'filter';
      readonly detail: string;
      readonly at: string;
      readonly wanted: string;
      readonly found: string;
    }
  | { readonly code: 'no_notification' | 'dialect_failed' | 'damaged'; readonly detail: string };

export type RenderedMessage = {
  readonly event: string;
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly bodyBase64: string;
  readonly bodyBytes: number;
  readonly bodySha256: string;
  readonly subject?: string;
  /** Fields of the projection that the change's snapshot does not have. */
  readonly fieldsMissing?: readonly string[];
};

export type DryRunResult = {
  readonly changeId: string;
  readonly kind: ChangeKind;
  readonly subject: string;
  readonly acceptedAtMs: number;
  readonly matches: boolean;
  /** The notifications it becomes, in the dialect's terms. */
  readonly events: readonly string[];
  readonly reason?: DryRunReason;
  readonly messages?: readonly (RenderedMessage | { readonly event: string; readonly refused: string })[];
};

export type DryRunView = {
  /** Whether the webhook would be told at all in its present state; a new one counts as enabled. */
  readonly state: Webhook['state'];
  readonly examined: number;
  readonly matched: number;
  readonly results: readonly DryRunResult[];
  readonly nextCursor: string | null;
};

export interface DryRunCases {
  saved(caller: Caller, id: string, query: DryRunQuery & { readonly changes?: DryRunChanges }): Promise<DryRunView>;
  unsaved(caller: Caller, input: WebhookInput, query: DryRunQuery): Promise<DryRunView>;
}

export type DryRunDeps = Pick<AppDeps, 'storage' | 'ids' | 'random' | 'clock' | 'logger'> & {
  readonly preview: Previewer;
  readonly checks: InputChecks;
  readonly care: Pick<WebhookCare, 'current'>;
  readonly matching: Pick<Matching, 'delivery'>;
  readonly links: LinkMaker;
};

type Tried = { readonly dialect: Dialect; readonly current: CurrentWebhook };

export function createDryRuns(deps: DryRunDeps): DryRunCases {
  const { checks, care, ids, clock, random } = deps;
  return {
    async saved(caller, id, { changes, ...query }) {
      assertScope(caller, 'assets:read');
      const { workspaceId } = caller;
      const current = await care.current(workspaceId, id as WebhookId);
      if (current === null) throw notFound('the webhook');
      const dialect = checks.dialect(current.webhook.dialect);
      return run(deps, { dialect, current: { ...current, webhook: changed(deps, current.webhook, changes) } }, query);
    },

    async unsaved(caller, input, query) {
      assertScope(caller, 'assets:read');
      const { workspaceId, keyId } = caller;
      const dialect = checks.dialect(input.dialect);
      const checked = checks.check(dialect, { settings: {}, headers: [], credentials: { kind: 'none' }, ...input });
      const signing = signingSecret(dialect, input.secret, { random });
      const atMs = clock.nowMs();
      const body = { ...newWebhookBody(dialect, input, atMs), ...checked.body, ownerKeyId: keyId };
      const webhook: Webhook = {
        ...body,
        state: 'enabled',
        id: ids.next('webhook'),
        workspaceId,
        revision: 1,
        createdAtMs: atMs,
        updatedAtMs: atMs,
      };
      const secrets: OpenSecret[] = [...(signing === null ? [] : [signing]), ...checked.secrets].map(
        ({ name, value }) => ({ name, value, version: 1, expiresAtMs: null }),
      );
      return run(deps, { dialect, current: { webhook, secrets } }, query);
    },
  };
}

/** The webhook as it would be with these changes. Secret fields of settings that are not named keep what they have. */
function changed({ checks }: DryRunDeps, webhook: Webhook, changes: DryRunChanges | undefined): Webhook {
  if (changes === undefined) return webhook;
  const { filter: newFilter, projection: newProjection, ...rest } = changes;
  const settings = rest.settings === undefined ? {} : { settings: { ...webhook.settings, ...rest.settings } };
  const { body } = checks.check(checks.dialect(webhook.dialect), {
    ...rest,
    ...settings,
    ...(newFilter === undefined || newFilter === null ? {} : { filter: newFilter }),
    ...(newProjection === undefined || newProjection === null ? {} : { projection: newProjection }),
  });
  const { filter, projection, ...kept } = webhook;
  return {
    ...kept,
    ...(newFilter === null || filter === undefined ? {} : { filter }),
    ...(newProjection === null || projection === undefined ? {} : { projection }),
    ...body,
  };
}

async function run(deps: DryRunDeps, tried: Tried, query: DryRunQuery): Promise<DryRunView> {
  const { webhook } = tried.current;
  const { events } = tried.dialect;
  const { render = 1, changeIds, ...which } = query;
  const page = await deps.storage.read.tryChanges({
    ...which,
    workspaceId: webhook.workspaceId,
    wanted: kindsOf(webhook, events),
    examinedMax: limits.dryRunChangesMax,
    ...(webhook.filter === undefined ? {} : { filter: webhook.filter }),
    ...(changeIds === undefined ? {} : { ids: changeIds as readonly ChangeId[] }),
  });
  const results: DryRunResult[] = [];
  let rendered = 0;
  let withoutNotification = 0;
  for (const item of page.items) {
    const { change } = item;
    const shown = { changeId: item.id, kind: item.kind, subject: item.subject, acceptedAtMs: item.acceptedAtMs };
    if (change === undefined) {
      results.push({ ...shown, matches: false, events: [], reason: missReason(item, webhook, events) });
      continue;
    }
    const told = notificationsOf(deps, tried, change);
    if ('code' in told) {
      withoutNotification += 1;
      results.push({ ...shown, matches: false, events: [], reason: told });
      continue;
    }
    const messages =
      rendered < render ? { messages: await renderAll(deps, tried, { change, told: told.notifications }) } : {};
    if (rendered < render) rendered += 1;
    results.push({ ...shown, matches: true, events: told.notifications.map(({ event }) => event), ...messages });
  }
  return {
    state: webhook.state,
    examined: page.examined,
    matched: page.matched - withoutNotification,
    results,
    nextCursor: page.nextCursor,
  };
}

/** Why a change was not even asked about by the dialect. */
function missReason({ kind, miss }: TriedChange, webhook: Webhook, table: EventTable): DryRunReason {
  if (miss?.because === 'filter') {
    const { at, wanted, found } = miss;
    return { code: 'filter', detail: `The condition at ${at} wants ${wanted}: found ${found}`, at, wanted, found };
  }
  if (miss?.because === 'damaged') return { code: 'damaged', detail: 'What is stored of this change is damaged' };
  const row = table[kind];
  if ('notSupported' in row) return { code: 'not_supported', detail: row.notSupported };
  const events = eventsOf(table, kind);
  const asked = webhook.events.join(', ');
  return {
    code: 'event_not_subscribed',
    detail:
      events.length === 0
        ? `The dialect has no event for ${kind}`
        : `${kind} is told as ${events.join(', ')}: the webhook asks for ${asked}`,
    events,
  };
}

type Told = { readonly notifications: ReturnType<Dialect['notify']> };

function notificationsOf(
  { clock, random, logger }: DryRunDeps,
  { dialect, current }: Tried,
  change: Change,
): Told | DryRunReason {
  const { webhook } = current;
  try {
    const made = dialect.notify(change, webhook, { nowMs: clock.nowMs(), draw: (count) => random.bytes(count) });
    const notifications = made.filter(({ event }) => wantsEvent(webhook, event));
    if (notifications.length > 0) return { notifications };
    return {
      code: 'no_notification',
      detail:
        made.length === 0
          ? 'The dialect makes no notification of this change for this webhook'
          : `The dialect makes ${made.map(({ event }) => event).join(', ')} of it: the webhook asks for ${webhook.events.join(', ')}`,
    };
  } catch (error) {
    logger.warn('dialect.notify_failed', { webhookId: webhook.id, error });
    return { code: 'dialect_failed', detail: 'The dialect could not make a notification of this change' };
  }
}

async function renderAll(
  { preview, matching, links, clock }: DryRunDeps,
  { dialect, current }: Tried,
  { change, told }: { readonly change: Change; readonly told: Told['notifications'] },
): Promise<NonNullable<DryRunResult['messages']>> {
  const { webhook } = current;
  const atMs = clock.nowMs();
  const messages: (RenderedMessage | { readonly event: string; readonly refused: string })[] = [];
  for (const notification of told) {
    const delivery = matching.delivery(change, webhook, { notification, origin: 'change', atMs });
    const made = await preview({
      current,
      task: { delivery, change },
      links: links(webhook.workspaceId, webhook.dialect),
      atMs,
    });
    const { event } = notification;
    if ('refusal' in made) {
      messages.push({ event, refused: `${made.refusal.code}: ${made.refusal.detail}` });
      continue;
    }
    const { body, ...rest } = made;
    messages.push({
      event,
      ...rest,
      bodyBase64: Buffer.from(body).toString('base64'),
      bodyBytes: body.length,
      ...fieldsMissing(dialect, webhook, change),
    });
  }
  return messages;
}

/** A dialect's own names for what it sends are no paths in an asset. */
function fieldsMissing(
  { manifest }: Dialect,
  { projection }: Webhook,
  change: Change,
): Pick<RenderedMessage, 'fieldsMissing'> {
  const snapshot = change.after ?? change.before;
  if (projection === undefined || snapshot === null || manifest.projectionFields !== undefined) return {};
  const missing = projection.fields.filter((field) => {
    const path: FieldPath = parsePath(field);
    return valueAt(snapshot, path) === undefined;
  });
  return missing.length === 0 ? {} : { fieldsMissing: missing };
}

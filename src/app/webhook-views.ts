/** Webhooks as they are shown: secrets masked, with what they missed and how they fare. */
import type { JsonObject } from '../core/json.ts';
import type { DisableRule } from '../core/policy.ts';
import type { Webhook } from '../core/webhook.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { WebhookView } from './app.ts';
import type { AppDeps } from './dependencies.ts';
import { propertyPolicy } from './dialect-properties.ts';
import { policyInForce } from './policy-in-force.ts';
import { type ConsentState, consentView, storedConsent } from './lasting-consent.ts';
import { handshakeKey } from './webhook-handshake.ts';
import { setupOf } from './receiver-setup.ts';
import { secretEntries, secretKey } from './webhook-secrets.ts';
import { storedWebhook } from './webhook-state.ts';

type FailingView = {
  readonly sinceMs: number;
  readonly failures: number;
  /** The highest warning that its contacts had in this run: 0, 50, 75 or 90. */
  readonly warnedPercent: number;
  /** Null where no rule goes by time. */
  readonly disablesAtMs: number | null;
};

/** Health is told of the last hour. */
const healthWindowMs = 3_600_000;

export interface WebhookViews {
  /** A webhook that has just been made: nothing has happened to it yet. */
  fresh(webhook: Webhook, secretRow: JsonObject | null, consent?: ConsentState | null): WebhookView;
  one(row: Resource): Promise<WebhookView>;
  many(workspaceId: string, rows: readonly Resource[]): Promise<readonly WebhookView[]>;
}

export function createWebhookViews(deps: Pick<AppDeps, 'storage' | 'clock' | 'dialects' | 'settings'>): WebhookViews {
  const { storage, clock } = deps;
  const setup = (webhook: Webhook): Pick<WebhookView, 'setup'> => {
    const steps = setupOf(deps, webhook);
    return steps.length === 0 ? {} : { setup: steps };
  };
  const many = async (workspaceId: string, rows: readonly Resource[]): Promise<readonly WebhookView[]> => {
    if (rows.length === 0) return [];
    const only = rows.length === 1 ? rows[0] : undefined;
    const nowMs = clock.nowMs();
    const [secrets, asked, healths, missed, backlog, stats] = await Promise.all([
      storage.resources(rows.map(({ id }) => secretKey(workspaceId, id))),
      storage.resources(rows.map(({ id }) => handshakeKey(workspaceId, id))),
      storage.resources(rows.map(({ id }) => ({ workspaceId, type: 'lane_health', id }) as const)),
      storage.read.missed(workspaceId),
      storage.read.backlog(workspaceId),
      storage.read.stats({
        workspaceId,
        ...(only === undefined ? {} : { webhookId: only.id as `wh_${string}` }),
        fromMs: nowMs - healthWindowMs,
        toMs: nowMs,
        bucketMs: healthWindowMs,
      }),
    ]);
    const failing = await Promise.all(rows.map((row, at) => failingOf(deps, storedWebhook(row), healths[at])));
    return rows.map((row, at) => {
      const waiting = backlog.find(({ webhookId }) => webhookId === row.id);
      const hour = { attempts: 0, delivered: 0, failed: 0 };
      for (const line of stats) {
        if (line.webhookId !== row.id) continue;
        hour.attempts += line.attempts;
        hour.delivered += line.delivered;
        hour.failed += line.failed;
      }
      const webhook = storedWebhook(row);
      return view(webhook, secrets[at]?.state ?? null, {
        ...setup(webhook),
        ...confirmationOf(storedConsent(asked[at]), nowMs),
        missed: missed.find(({ webhookId }) => webhookId === row.id)?.count ?? 0,
        health: {
          pending: waiting?.pending ?? 0,
          oldestPendingAtMs: waiting?.oldestAtMs ?? null,
          lastHour: hour,
          ...refusedOf(webhook, healths[at]),
          ...failing[at],
        },
      });
    });
  };
  return {
    many,
    async one(row) {
      const [shown] = await many(row.workspaceId, [row]);
      if (shown === undefined) throw new TypeError('One row must make one view: got none');
      const inForce = await policyInForce(deps, storedWebhook(row));
      return inForce === null ? shown : { ...shown, policyInForce: inForce };
    },
    fresh: (webhook, secretRow, consent = null) =>
      view(webhook, secretRow, {
        ...setup(webhook),
        ...confirmationOf(consent, clock.nowMs()),
        missed: 0,
        health: { pending: 0, oldestPendingAtMs: null, lastHour: { attempts: 0, delivered: 0, failed: 0 } },
      }),
  };
}

function view(
  webhook: Webhook,
  secretState: JsonObject | null,
  rest: Pick<WebhookView, 'missed' | 'health' | 'confirmation' | 'setup'>,
): WebhookView {
  const entries = secretEntries(secretState === null ? null : { state: secretState });
  const masked = (name: string): string => entries.find((entry) => entry.name === name)?.masked ?? '…';
  const settings = Object.fromEntries(
    Object.entries(webhook.settings).map(([field, value]) => [
      field,
      value === `settings.${field}` ? masked(value) : value,
    ]),
  );
  return {
    ...webhook,
    settings,
    credentials: shownCredentials(webhook, masked),
    secrets: entries
      .filter(({ name }) => !/^(?:credentials|settings|tls)\./.test(name))
      .map((entry) => ({
        name: entry.name,
        masked: entry.masked,
        ...(entry.publicKey === undefined ? {} : { publicKey: entry.publicKey }),
        createdAtMs: entry.createdAtMs,
        expiresAtMs: entry.expiresAtMs,
      })),
    ...rest,
  };
}

/** How often in a row a mail server said that there is no such mailbox, or that it takes nothing for it; absent: never. */
function refusedOf({ target }: Webhook, health: Resource | null | undefined): { readonly refusedInARow?: number } {
  if (target.transport !== 'email') return {};
  const refused = health?.state['refused'];
  return typeof refused === 'number' && refused > 0 ? { refusedInARow: refused } : {};
}

/**
 * The run of failures that an enabled webhook is in, and when it is disabled should it go on; absent while it is well. Kept by
 * the engine, some seconds behind.
 */
async function failingOf(
  deps: Pick<AppDeps, 'storage' | 'dialects'>,
  webhook: Webhook,
  health: Resource | null | undefined,
): Promise<{ readonly failing?: FailingView }> {
  const { failingSinceMs, failures, warnedPercent } = health?.state ?? {};
  if (webhook.state !== 'enabled' || typeof failingSinceMs !== 'number' || typeof failures !== 'number') return {};
  const rules = await disableRules(deps, webhook);
  const continued = rules.flatMap((rule) => (rule.kind === 'continued' ? [rule.forMs] : []));
  return {
    failing: {
      sinceMs: failingSinceMs,
      failures,
      warnedPercent: typeof warnedPercent === 'number' ? warnedPercent : 0,
      disablesAtMs: continued.length === 0 ? null : failingSinceMs + Math.min(...continued),
    },
  };
}

/** As the engine has them: the webhook's own, before its target's, before the workspace's, before the dialect's. */
async function disableRules(
  { storage, dialects }: Pick<AppDeps, 'storage' | 'dialects'>,
  webhook: Webhook,
): Promise<readonly DisableRule[]> {
  const dialect = dialects.get(webhook.dialect);
  const own = webhook.policy.disable ?? dialect?.policyOf?.(webhook).disable;
  if (own !== undefined) return own;
  const set = await propertyPolicy(storage, webhook.workspaceId, dialect);
  return set?.disable ?? dialect?.manifest.policy.disable ?? [];
}

function confirmationOf(consent: ConsentState | null, nowMs: number): Pick<WebhookView, 'confirmation'> {
  return consent === null ? {} : { confirmation: consentView(consent, nowMs) };
}

function shownCredentials({ credentials }: Webhook, masked: (name: string) => string): JsonObject {
  switch (credentials.kind) {
    case 'none':
      return { kind: 'none' };
    case 'basic':
      return { kind: 'basic', username: credentials.username, password: masked(credentials.passwordSecret) };
    case 'bearer':
      return {
        kind: 'bearer',
        token: masked(credentials.tokenSecret),
        ...(credentials.in === 'query' ? { in: 'query' } : {}),
      };
    case 'aws':
      return {
        kind: 'aws',
        accessKeyId: credentials.accessKeyId,
        secretAccessKey: masked(credentials.secretKeySecret),
        ...(credentials.sessionTokenSecret === undefined
          ? {}
          : { sessionToken: masked(credentials.sessionTokenSecret) }),
      };
    case 'oauth2':
      return shownOAuth2(credentials, masked);
    default:
      return credentials satisfies never;
  }
}

/** In the names that callers use. */
function shownOAuth2(
  credentials: Extract<Webhook['credentials'], { kind: 'oauth2' }>,
  masked: (name: string) => string,
): JsonObject {
  const { kind, grant, tokenUrl, username, passwordSecret, clientId, clientSecretSecret } = credentials;
  const { clientAuthentication, scope, audience } = credentials;
  return {
    kind,
    grant,
    tokenUrl,
    ...(grant === 'password'
      ? { username, password: masked(passwordSecret) }
      : { clientId: username, clientSecret: masked(passwordSecret) }),
    ...(clientId === undefined ? {} : { clientId }),
    ...(clientSecretSecret === undefined ? {} : { clientSecret: masked(clientSecretSecret) }),
    ...(clientAuthentication === undefined ? {} : { clientAuthentication }),
    ...(scope === undefined ? {} : { scope }),
    ...(audience === undefined ? {} : { audience }),
  };
}

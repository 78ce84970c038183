/** Use cases around webhooks, as callers see them. */
import type { Attempt, DeliveryState } from '../core/delivery.ts';
import type { Filter, Projection } from '../core/filter.ts';
import type { JsonObject } from '../core/json.ts';
import type { DeliveryPolicy, PolicyOverride } from '../core/policy.ts';
import type { Consent } from '../core/verdict.ts';
import type { Target, Webhook } from '../core/webhook.ts';
import type { SetupStep } from '../dialects/dialect.ts';
import type { Page } from '../storage/contract/list-queries.ts';
import type { Caller, Idempotency, Written } from './app.ts';
import type { ConsentView } from './lasting-consent.ts';
import type { OAuth2Input } from './oauth2-input.ts';
import type { TlsInput } from './webhook-tls.ts';

export type WebhookInput = {
  readonly name: string;
  readonly dialect: string;
  readonly target: Target;
  readonly events: readonly string[];
  readonly filter?: Filter;
  readonly projection?: Projection;
  readonly settings?: JsonObject;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly credentials?:
    | { readonly kind: 'none' }
    | { readonly kind: 'basic'; readonly username: string; readonly password: string }
    | { readonly kind: 'bearer'; readonly token: string; readonly in?: 'header' | 'query' }
    | {
        readonly kind: 'aws';
        readonly accessKeyId: string;
        readonly secretAccessKey: string;
        readonly sessionToken?: string;
      }
    | OAuth2Input;
  /** A client certificate, a private authority, or both; https only. */
  readonly tls?: TlsInput;
  readonly policy?: PolicyOverride;
  readonly contacts?: readonly string[];
  /** A signing secret of the caller's own; one is made where absent and the dialect signs. */
  readonly secret?: string;
  readonly enabled?: boolean;
};

/** Fields absent are left as they are; secrets left out of `settings` stay; null takes filter, projection or tls away. */
export type WebhookPatch = Partial<Omit<WebhookInput, 'dialect' | 'secret' | 'filter' | 'projection' | 'tls'>> & {
  readonly filter?: Filter | null;
  readonly projection?: Projection | null;
  /** Replaced whole. */
  readonly tls?: TlsInput | null;
};

/** A webhook as shown: secrets masked to at most four trailing characters. */
export type WebhookView = Omit<Webhook, 'credentials'> & {
  readonly credentials: JsonObject;
  readonly secrets: readonly {
    readonly name: string;
    readonly masked: string;
    /** What receivers verify with, where the secret has a public half (`whpk_…`). */
    readonly publicKey?: string;
    readonly createdAtMs: number;
    readonly expiresAtMs: number | null;
  }[];
  readonly missed: number;
  /** What its receiver's side has to set up; absent where there is nothing. */
  readonly setup?: readonly SetupStep[];
  /** How it is delivered to as things stand: see `policyInForce`. Where one webhook is shown; absent in lists. */
  readonly policyInForce?: DeliveryPolicy;
  readonly health: JsonObject;
  /** How its endpoint stands to it, where the dialect asks endpoints once. */
  readonly confirmation?: ConsentView;
};

/** What became of what waited when a webhook was enabled; zeros where it was enabled already. */
export type Enabled = {
  /** `cancelling`: many are being cancelled; the webhook is enabled once that is done. */
  readonly held: { readonly done: 'sent' | 'cancelled' | 'cancelling'; readonly count: number };
  /** `replayId` shows how far the telling of them has come. */
  readonly missed: { readonly done: 'replayed' | 'skipped'; readonly count: number; readonly replayId?: string };
};

/** `attempt` is null where it was not waited for, or not long enough; the delivery tells later. */
export type TestSent = {
  readonly deliveryId: string;
  readonly state?: DeliveryState;
  readonly attempt: Attempt | null;
};

export interface WebhookCases {
  /** `secret` is shown here once and never again without `secrets:reveal`. */
  create(
    caller: Caller,
    input: WebhookInput,
    idempotency?: Idempotency,
  ): Promise<Written<WebhookView & { readonly secret?: string }>>;
  update(caller: Caller, id: string, patch: WebhookPatch): Promise<WebhookView>;
  remove(caller: Caller, id: string): Promise<void>;
  get(caller: Caller, id: string): Promise<WebhookView>;
  list(
    caller: Caller,
    query: {
      readonly limit: number;
      readonly cursor?: string;
      readonly state?: string;
      readonly dialect?: string;
      /** Part of the name, whatever its case. */
      readonly name?: string;
      /** Those that name this event. */
      readonly event?: string;
      /** Those that were made with this key; where it was rotated, those of the key that took its place. */
      readonly ownerKeyId?: string;
    },
  ): Promise<Page<WebhookView>>;
  enable(
    caller: Caller,
    id: string,
    options: { readonly held?: 'send' | 'cancel'; readonly missed?: 'replay' | 'skip' },
  ): Promise<WebhookView & { readonly enabled: Enabled }>;
  disable(caller: Caller, id: string, reason?: string): Promise<WebhookView>;
  /**
   * Sends a sample, or a real asset, by the same path, guard and log: once, at once, whatever state the webhook is in.
   * `waitMs`: how long the answer waits for the attempt (0: not at all).
   */
  test(
    caller: Caller,
    id: string,
    options: { readonly event?: string; readonly assetId?: string; readonly waitMs?: number },
  ): Promise<TestSent>;
  /**
   * Tests an endpoint before there is a webhook: once, by the same path, guard and log, with a webhook made for it that goes
   * by itself. `assetKey`: what the fake notification names as the asset.
   */
  trial(
    caller: Caller,
    input: { readonly webhook: WebhookInput; readonly assetKey?: string },
  ): Promise<TestSent & { readonly webhookId: string }>;
  /** `oldSignsUntilMs`: when the overlap of the replaced secret ends, which is the dialect's to say; null: it stopped at once. */
  rotateSecret(
    caller: Caller,
    id: string,
    options: { readonly secret?: string; readonly revokeOldNow?: boolean },
  ): Promise<{ readonly secret: string; readonly oldSignsUntilMs: number | null; readonly webhook: WebhookView }>;
  revealSecret(caller: Caller, id: string): Promise<{ readonly secret: string }>;
  /** An endpoint that was asked consents by the link in the question: the token is the authority. Throws `not_found`. */
  consent(token: string, consent: Consent): Promise<void>;
}

/**
 * How the demo takes part in one dialect: what it asks for, and how a receiver of that dialect knows that it was told the
 * truth. One file per dialect in `dialects/`, listed in `dialects/all.ts`; a dialect without one is taken as it describes itself.
 */
import type { AssetView, InboxRequest, InboxView } from '../../app/app.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Client } from '../client.ts';

/** What came to the inbox, or to a peer of the demo. */
export type Arrival = Pick<InboxRequest, 'headers' | 'bodyBase64' | 'bodyCut' | 'verification'> & {
  /** At a peer: the address of the mail, or `account/name` of the queue. */
  readonly place?: string;
};

/** A server of the demo's own that takes what does not go by HTTP. */
export type DemoPeer = {
  readonly url: string;
  stop(): Promise<void>;
};

/** What the demo has: a server of its own, an inbox, photographs. */
export type DemoStage = {
  readonly client: Client;
  readonly inbox: InboxView;
  readonly clock: Clock;
  /** Everything that has come to the inbox and the peers so far, and the next arrival. */
  readonly requests: readonly Arrival[];
  next(): Promise<void>;
  readonly mediaDirectory: string;
};

/** A webhook that was made for the demo. */
export type Told = {
  readonly demo: DemoDialect;
  readonly webhookId: string;
  /** The signing secret, or the token that the demo gave it. */
  readonly secret: string;
  /** From the moment that it was made until its endpoint had said that it wants to be told; null where nobody is asked. */
  readonly consentedMs: number | null;
};

/** Something that one dialect must tell, once. */
export type Expected = {
  readonly told: Told;
  readonly event: string;
  /** `type:id`, as deliveries name it. */
  readonly subject: string;
  /** What the table calls it. */
  readonly label: string;
  readonly sizePx: string;
};

export type DemoDialect = {
  /** The id of its manifest; one dialect may be shown over several protocols. */
  readonly dialect: string;
  /** The protocol as the table calls it. Default: `http`. */
  readonly over?: string;
  /** The event by which it tells of an upload. */
  readonly event: string;
  /** What proves the sender, as the table says it: `signature`, `token`, … */
  readonly proof: string;
  /** What `POST /v1/webhooks` gets instead of a target at the inbox and this event: target, credentials, settings, events. */
  webhook?(place: { readonly inbox: InboxView; readonly token: string }): JsonObject;
  /** How the endpoint says yes where it is asked first, as the table says it. Default: by its answer. */
  readonly consents?: string;
  /** What it takes until the endpoint has consented. Default: nothing but waiting. */
  consent?(stage: DemoStage, told: Told): Promise<void>;
  /** Whether it tells of this upload. Default: of each. */
  tells?(asset: AssetView): boolean;
  /** Whether what arrived comes from us, from the bytes and the secret alone, or by asking back. */
  verify(request: Arrival, told: Told, stage: DemoStage): boolean | Promise<boolean>;
  /** What the demo shows of it beside uploads, done while they go on; what must be told then. */
  act?(stage: DemoStage, told: Told): Promise<readonly Expected[]>;
};

/** A header of what arrived; empty where there is none. */
export function headerOf({ headers }: Pick<Arrival, 'headers'>, name: string): string {
  return headers.find(([header]) => header.toLowerCase() === name)?.[1] ?? '';
}

/** The body of what arrived as the object that it is; null where it is none. */
export function bodyOf({ bodyBase64 }: Pick<Arrival, 'bodyBase64'>): JsonObject | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(bodyBase64, 'base64').toString());
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
  } catch {
    return null;
  }
}

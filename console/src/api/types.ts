/** What the console reads of the API's answers; `GET /openapi.json` is the whole of it, and a test holds these against it. */

import type { Policy } from './manifest.ts';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

export type Page<T> = { readonly data: readonly T[]; readonly nextCursor: string | null };
export type AssetPage = Page<Asset> & {
  readonly complete: boolean;
  readonly total?: { readonly value: number; readonly is: 'exact' | 'atLeast' | 'atMost' };
};

export type Caller = {
  readonly workspaceId: string;
  readonly actor: { readonly type: string; readonly id: string; readonly name?: string };
  readonly scopes: readonly string[];
  readonly admin: boolean;
};

export type AssetFile = {
  readonly name?: string;
  readonly bytes?: number;
  readonly mimeType?: string;
  readonly sha256?: string;
  readonly url?: string;
  readonly widthPx?: number;
  readonly heightPx?: number;
  /** Whether something can be seen through it. */
  readonly hasAlpha?: boolean;
  readonly durationMs?: number;
  readonly pages?: number;
};

export type AssetState = {
  readonly kind: 'image' | 'video' | 'audio' | 'document' | 'broadcast' | 'other';
  readonly name: string;
  readonly path: string;
  readonly file?: AssetFile;
  readonly renditions?: readonly JsonObject[];
  readonly info?: JsonObject;
  readonly metadata: JsonObject;
  readonly embedded?: JsonObject;
  /** Absent: the one that is always there. */
  readonly library?: string;
  readonly tags: readonly string[];
  readonly labels?: readonly string[];
  readonly collections?: readonly string[];
  readonly archived: boolean;
  readonly archiveAtMs?: number;
  readonly publishAtMs?: number;
  readonly expiresAtMs?: number;
  readonly availability?: string;
  readonly checkedOutBy?: string;
  readonly checkedOutByName?: string;
  readonly checkedOutAtMs?: number;
  readonly focusPoint?: { readonly x: number; readonly y: number };
  readonly inspection?: { readonly state: string; readonly note?: string };
  readonly createdAtMs?: number;
  readonly createdBy?: string;
  readonly createdByName?: string;
};

export type Asset = {
  readonly id: string;
  readonly externalId?: string;
  readonly version: number;
  readonly state: AssetState;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

export type AssetVersion = {
  readonly number: number;
  readonly active: boolean;
  readonly createdAtMs?: number;
  readonly file: AssetFile;
};

export type Folder = {
  readonly id: string;
  readonly path: string;
  readonly name: string;
  readonly parent: string | null;
};
export type Collection = { readonly id: string; readonly name: string };

export type MetadataOption = {
  readonly value: string;
  readonly label?: string;
  readonly labels?: { readonly [language: string]: string };
};

export type MetadataValidation = {
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: 'url' | 'email';
  readonly minimum?: number;
  readonly maximum?: number;
  readonly whole?: boolean;
  readonly earliest?: string;
  readonly latest?: string;
  readonly itemsMin?: number;
  readonly itemsMax?: number;
};

export type MetadataField = {
  readonly name: string;
  readonly type: 'text' | 'number' | 'date' | 'boolean' | 'select' | 'multiselect';
  readonly label: string;
  readonly labels?: { readonly [language: string]: string };
  readonly description?: string;
  readonly required: boolean;
  readonly default?: Json;
  readonly options?: readonly MetadataOption[];
  readonly validation?: MetadataValidation;
  readonly position: number;
  readonly jobId?: string;
};

export type MetadataRules = {
  readonly unknownFields: 'accept' | 'refuse';
  readonly fromElsewhere: 'note' | 'refuse';
};

/** Work that brings assets in line with a definition. */
/** An embedded field that becomes a field of the asset. */
export type MetadataMapping = {
  readonly from: string;
  readonly to: string;
  readonly when?: 'empty' | 'always';
  readonly transform?: string;
};

export type MetadataJob = {
  readonly id: string;
  readonly state: 'running' | 'done' | 'cancelled';
  readonly work: { readonly kind: string; readonly field?: string };
  /** Counts only. */
  readonly dryRun: boolean;
  readonly looked: number;
  readonly changed: number;
  readonly failed: number;
};

export type Change = {
  readonly id: string;
  readonly kind: string;
  readonly subject: { readonly type: string; readonly id: string; readonly externalId?: string };
  readonly subjectVersion: number;
  readonly occurredAtMs: number;
  readonly acceptedAtMs: number;
  readonly actor: { readonly type: string; readonly id: string; readonly name?: string };
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  readonly changed: readonly string[];
  readonly causationDepth: number;
};

export type Target =
  | { readonly transport: 'http'; readonly url: string; readonly method?: string }
  | { readonly transport: 'sqs'; readonly queue: string }
  | { readonly transport: 'email'; readonly address: string };

export type Webhook = {
  readonly id: string;
  readonly revision: number;
  readonly name: string;
  readonly dialect: string;
  readonly target: Target;
  readonly events: readonly string[];
  readonly filter?: JsonObject;
  readonly settings: JsonObject;
  readonly headers: readonly (readonly [string, string])[];
  readonly credentials: JsonObject;
  readonly policy: Partial<Policy>;
  /** As things stand, with what its settings and the workspace say; where one webhook is asked for. */
  readonly policyInForce?: Policy;
  readonly state: 'pending' | 'enabled' | 'disabled';
  readonly stateReason?: string;
  readonly stateChangedAtMs: number;
  readonly contacts: readonly string[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly secrets: readonly WebhookSecret[];
  readonly missed: number;
  readonly health: {
    readonly pending: number;
    readonly oldestPendingAtMs: number | null;
    readonly lastHour: { readonly attempts: number; readonly delivered: number; readonly failed: number };
    /** While every attempt fails. */
    readonly failing?: {
      readonly sinceMs: number;
      readonly failures: number;
      readonly warnedPercent: number;
      readonly disablesAtMs: number | null;
    };
  };
  /** Where the dialect asks the endpoint once. */
  readonly confirmation?: {
    readonly state: 'pending' | 'confirmed' | 'expired' | 'unsubscribed';
    readonly expiresAtMs: number | null;
    readonly confirmedAtMs: number | null;
  };
  /** In the answer to its creation only. */
  readonly secret?: string;
};

export type WebhookSecret = {
  readonly name: string;
  readonly masked: string;
  readonly publicKey?: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
};

export type DeliveryState = 'pending' | 'held' | 'delivered' | 'rejected' | 'dead' | 'cancelled';

export type DeliverySummary = {
  readonly id: string;
  readonly webhookId: string;
  readonly changeId: string;
  readonly subject: string;
  readonly event: string;
  readonly messageId: string;
  readonly origin: string;
  readonly redeliveryOf?: string;
  readonly state: DeliveryState;
  readonly reason?: string;
  readonly attempts: number;
  readonly createdAtMs: number;
  readonly dueAtMs?: number;
  readonly endedAtMs?: number;
  readonly lastStatus?: number;
  readonly lastOutcome?: string;
  readonly lastDurationMs?: number;
};

export type Headers = readonly (readonly [name: string, value: string])[];

export type Attempt = {
  readonly number: number;
  readonly startedAtMs: number;
  readonly outcome: string;
  readonly code: string;
  readonly timing: {
    readonly dnsMs?: number;
    readonly connectMs?: number;
    readonly tlsMs?: number;
    readonly firstByteMs?: number;
    readonly totalMs: number;
  };
  readonly address?: string;
  readonly request: {
    readonly method: string;
    readonly url: string;
    readonly headers: Headers;
    readonly bodyBytes: number;
    readonly bodySha256: string;
  };
  readonly response?: {
    readonly status: number;
    readonly headers: Headers;
    readonly bodyBase64: string;
    readonly bodyBytes: number;
    readonly bodyComplete: boolean;
  };
  readonly verdict: string;
  readonly reason?: string;
  readonly nextAtMs?: number;
};

export type Delivery = DeliverySummary & {
  readonly attemptRecords: readonly Attempt[];
  readonly body: {
    readonly base64: string;
    readonly source: 'stored' | 'rendered' | 'unavailable';
    readonly hashMatches: boolean | null;
  };
  readonly curl: string | null;
};

/** A delivery's request, signed at this moment for whoever repeats it by hand. */
export type SignedRequest = {
  readonly signedAtMs: number;
  readonly bodyBase64: string;
  readonly masked: readonly string[];
  readonly command: string | null;
};

export type TestSent = {
  readonly deliveryId: string;
  readonly state?: DeliveryState;
  readonly attempt: Attempt | null;
};

export type Percentiles = { readonly p50: number | null; readonly p95: number | null; readonly p99: number | null };

export type StatsCounts = {
  readonly accepted: number;
  readonly attempts: number;
  readonly delivered: number;
  readonly failed: number;
  readonly retrying: number;
  readonly rejected: number;
  readonly dead: number;
  readonly durationMs: Percentiles;
  readonly firstAttemptMs: Percentiles;
};

export type StatsPoint = StatsCounts & { readonly atMs: number; readonly webhookId?: string };

export type Stats = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly bucketMs: number;
  readonly points: readonly StatsPoint[];
  readonly totals: StatsCounts;
  readonly backlog: readonly { readonly webhookId: string; readonly pending: number; readonly oldestAtMs: number }[];
};

export type Replay = {
  readonly id: string | null;
  readonly state: 'estimated' | 'running' | 'done' | 'cancelled';
  readonly count: number;
  readonly exact: boolean;
  readonly tests?: number;
  readonly done: number;
  readonly made: number;
};

export type Inbox = {
  readonly id: string;
  readonly url: string;
  readonly tlsUrl: string;
  readonly answer: { readonly status: number; readonly delayMs: number; readonly body: string };
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly received: number;
};

export type InboxRequest = {
  readonly id: string;
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly bodyBase64: string;
  readonly bodyBytes: number;
  readonly bodyCut: boolean;
  readonly verification: {
    readonly result: 'verified' | 'failed' | 'unsigned';
    readonly detail: string;
    readonly webhookId?: string;
  };
};

export type ShareLink = {
  readonly id: string;
  readonly url: string;
  readonly name: string;
  readonly expiresAtMs: number | null;
  readonly hasPassword: boolean;
};

export type DryRun = {
  readonly examined: number;
  readonly matched: number;
  readonly results: readonly {
    readonly changeId: string;
    readonly kind: string;
    readonly subject: string;
    readonly acceptedAtMs: number;
    readonly matches: boolean;
    readonly events: readonly string[];
    readonly reason?: { readonly code: string; readonly detail: string };
  }[];
  readonly nextCursor: string | null;
};

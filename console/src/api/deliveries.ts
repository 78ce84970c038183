/** Deliveries, their attempts and replays, as the API shows them. */

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

export type Replay = {
  readonly id: string | null;
  readonly state: 'estimated' | 'running' | 'done' | 'cancelled';
  readonly count: number;
  readonly exact: boolean;
  readonly tests?: number;
  readonly done: number;
  readonly made: number;
};

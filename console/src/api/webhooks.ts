/** Webhooks and what is tried with them, as the API shows them. */
import type { Attempt, DeliveryState } from './deliveries.ts';
import type { JsonObject } from './json.ts';
import type { Policy } from './manifest.ts';

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
  /** What people may know of the certificates that are set; the texts are never shown again. */
  readonly tls?: { readonly certificate?: CertificateFacts; readonly authority?: CertificateFacts };
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

type CertificateFacts = { readonly subject: string; readonly fingerprint: string; readonly expiresAtMs: number };

/** All PEM. It takes the place of all that is set. */
export type TlsInput = {
  readonly certificatePem?: string;
  readonly keyPem?: string;
  readonly authorityPem?: string;
};

export type WebhookSecret = {
  readonly name: string;
  readonly masked: string;
  readonly publicKey?: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
};

export type TestSent = {
  readonly deliveryId: string;
  readonly state?: DeliveryState;
  readonly attempt: Attempt | null;
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

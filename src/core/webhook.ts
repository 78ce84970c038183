import type { Filter, Projection } from './filter.ts';
import type { WebhookId, WorkspaceId } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { PolicyOverride } from './policy.ts';

/** Where deliveries go. Credentials are never part of it: they are sealed and named by `Webhook.credentials`. */
export type Target =
  | { readonly transport: 'http'; readonly url: string; readonly method?: 'POST' | 'PUT' | 'PATCH' }
  /** `queue`: its ARN. */
  | { readonly transport: 'sqs'; readonly queue: string }
  | { readonly transport: 'email'; readonly address: string };

export type TransportKind = Target['transport'];

/** How we prove ourselves to the receiver. The secret halves lie sealed in the store under the names given here. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly username: string; readonly passwordSecret: string }
  /** `in`: in the header `Authorization`, or as `access_token` in the query (RFC 6750, 2.3). Default the header. */
  | { readonly kind: 'bearer'; readonly tokenSecret: string; readonly in?: 'query' }
  | {
      readonly kind: 'oauth2';
      readonly grant: 'password' | 'client-credentials';
      /** https, unless the operator allowed that address. */
      readonly tokenUrl: string;
      /** With `client-credentials` the id of the client, and its secret as the password. */
      readonly username: string;
      readonly passwordSecret: string;
      /** With `password`: the client, where the server wants to know it; its secret where it has one. */
      readonly clientId?: string;
      readonly clientSecretSecret?: string;
      /** Where the client's id and secret go: a Basic header (default), or fields of the form. */
      readonly clientAuthentication?: 'header' | 'body';
      readonly scope?: string;
      readonly audience?: string;
    }
  /** Keys of an AWS account, for queues. Without them the server's own are used, as far as its operator lets it. */
  | {
      readonly kind: 'aws';
      readonly accessKeyId: string;
      readonly secretKeySecret: string;
      readonly sessionTokenSecret?: string;
    };

/** What people may know of a certificate. */
export type CertificateFacts = {
  readonly subject: string;
  /** SHA-256, in pairs of hexadecimal digits. */
  readonly fingerprint: string;
  readonly expiresAtMs: number;
};

/** What a webhook shows and trusts by TLS besides what everybody does; the texts lie sealed under the names of `tlsSecrets`. */
export type WebhookTls = {
  /** Shown to receivers that ask for a client certificate. */
  readonly certificate?: CertificateFacts;
  /** Trusted instead of the public authorities. */
  readonly authority?: CertificateFacts;
};

/** Where the PEM texts lie among a webhook's secrets. */
export const tlsSecrets = { certificate: 'tls.certificate', key: 'tls.key', authority: 'tls.authority' } as const;

export type WebhookState = 'pending' | 'enabled' | 'disabled';

/**
 * What vendors call webhook, configuration, subscription or connection. Every saved version is kept as a revision:
 * events, filter, projection and settings are taken from the revision of a delivery's commit (so bodies never change),
 * while target, headers, credentials, policy and state are always the current ones.
 */
export type Webhook = {
  readonly id: WebhookId;
  readonly workspaceId: WorkspaceId;
  /** Equals the resource version it was saved as. */
  readonly revision: number;
  readonly name: string;
  readonly dialect: string;
  readonly target: Target;
  /** Event names of the dialect, `*` for all. */
  readonly events: readonly string[];
  readonly filter?: Filter;
  readonly projection?: Projection;
  /** The dialect's own configuration, validated by its manifest; secret fields hold the name of a sealed secret. */
  readonly settings: JsonObject;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly credentials: Credentials;
  readonly tls?: WebhookTls;
  readonly policy: PolicyOverride;
  readonly state: WebhookState;
  readonly stateReason?: string;
  readonly stateChangedAtMs: number;
  /** Who is told of warnings and disabling: e-mail addresses (used once SMTP is configured). */
  readonly contacts: readonly string[];
  readonly ownerKeyId?: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

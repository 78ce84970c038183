/**
 * The transport contract: how bytes leave. A transport sends one message once and answers with an outcome. It never
 * throws for what a receiver, a network or a configuration can do (those are outcomes), never retries, never logs a
 * secret. It ends within the deadline, and ends early as `interrupted` when the signal is aborted.
 */
import type { Readable } from 'node:stream';
import type { Outcome } from '../core/outcome.ts';
import type { TransportKind } from '../core/webhook.ts';
import type { WebhookId, WorkspaceId } from '../core/ids.ts';

export interface Transport {
  readonly kind: TransportKind;
  start(): Promise<void>;
  send(message: OutgoingMessage): Promise<Outcome>;
  /** Lets go of idle connections of targets that are gone or whose policy changed. */
  forget(target: string): void;
  /** Open and pending connections, for metrics and caps. */
  stats(): TransportStats;
  stop(): Promise<void>;
}

export type OutgoingMessage = {
  readonly workspaceId: WorkspaceId;
  readonly webhookId: WebhookId;
  /** `http`: the URL. `sqs`: the queue ARN. `email`: the address. */
  readonly target: string;
  /** `OPTIONS` asks an endpoint whether it wants deliveries; it has no body. */
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'OPTIONS';
  /** Complete but for Host and Content-Length, in the order they are to be sent. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  readonly subject?: string;
  /** One deadline over DNS, connect, TLS, sending, headers and body. */
  readonly timeoutMs: number;
  /** Connections to this lane that may be open at once. */
  readonly connectionsMax: number;
  readonly tls?: TlsIdentity;
  /** For a queue: the webhook's own keys. Absent: the server's. */
  readonly awsKeys?: AwsKeys;
  /** A token is to be had with these and sent as `Authorization: Bearer`; `headers` has no such header then. HTTP only. */
  readonly authorization?: TokenGrant;
  readonly signal?: AbortSignal;
};

/** How an access token is asked for (RFC 6749, 4.3 and 4.4), opened. Never logged, never part of an outcome. */
export type TokenGrant = {
  readonly grant: 'password' | 'client-credentials';
  readonly tokenUrl: string;
  /** Of the resource owner; with `client-credentials` the client's id and secret. */
  readonly username: string;
  readonly password: string;
  /** The client beside a resource owner's password, where the server wants to know it. */
  readonly clientId?: string;
  readonly clientSecret?: string;
  /** Where the client's id and secret go: Basic authentication, or fields of the form. */
  readonly clientAuthentication: 'header' | 'body';
  readonly scope?: string;
  readonly audience?: string;
  /** Another whenever anything of it is another, its secrets' versions included. */
  readonly fingerprint: string;
};

/** Keys of an AWS account, opened. Never logged, never part of an outcome. */
export type AwsKeys = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
};

/** Client certificate and private authority of one webhook. Connections are never shared between two of these. */
export type TlsIdentity = {
  /** Part of the pool key. */
  readonly id: string;
  readonly caPem?: string;
  readonly certificatePem?: string;
  readonly keyPem?: string;
};

export type TransportStats = {
  readonly connectionsOpen: number;
  readonly requestsInFlight: number;
  readonly pools: number;
};

// --- Files from elsewhere -------------------------------------------------------------------------------------------

export type FileRequest = {
  readonly url: string;
  /** Who asks: connections and TLS sessions are not shared with others. */
  readonly workspaceId: string;
  /** The tag of the content that is known already; where it still counts nothing is sent again. */
  readonly etag?: string;
  /** Larger ones are refused by their announced length, before a byte of them is read. */
  readonly bytesMax: number;
  readonly signal: AbortSignal;
};

/** What asking for a file came to. Failures are values; `again` says whether another try may help. */
export type FileAnswer =
  | {
      readonly kind: 'file';
      /** Ends with an error where the connection breaks, it takes too long, or less came than was announced. */
      readonly content: Readable;
      /** As announced; null where it was not. */
      readonly bytes: number | null;
      readonly etag: string | null;
      /** `Content-Disposition`, as received. */
      readonly disposition: string | null;
    }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string; readonly again: boolean };

/** Fetches a file over the one guarded road out: no redirect is followed, no private address reached. Never throws. */
export type FetchFile = (request: FileRequest) => Promise<FileAnswer>;

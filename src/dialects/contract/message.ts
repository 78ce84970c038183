/** What a dialect makes of a change, and what of it is signed: the words of `Dialect.render`, `sign` and `verify`. */
import type { Change } from '../../core/change.ts';
import type { Notification } from '../../core/delivery.ts';
import type { KeyDecoding, SecretFormat } from '../../core/secret.ts';
import type { Webhook } from '../../core/webhook.ts';

export type RenderInput = {
  readonly change: Change;
  /** The revision of the delivery's commit. */
  readonly webhook: Webhook;
  readonly notification: Notification;
  /** The id the receiver sees; the same on every attempt and redelivery. */
  readonly messageId: string;
  readonly createdAtMs: number;
  /** Makes the stable opaque links that payloads may carry. */
  readonly links: Links;
};

/** Absolute URLs under the public URL; they resolve, when fetched, to the content until their stated expiry. */
export interface Links {
  content(assetId: string, version?: number): string;
  rendition(assetId: string, title: string): string;
  /** A URL below the dialect's own mount, such as a certificate or a confirmation page. */
  dialect(path: string): string;
  /**
   * Signs what a link below the dialect's own mount carries, in hex (HMAC-SHA256 with a key of the server, for this workspace
   * and dialect): see `VendorRecording`.
   */
  signature?(text: string): string;
  /** How long a link is good for that expires. */
  readonly lifetimeMs?: number;
  /** The same links, their expiry counted from here: whoever renders hands in those of the change's `acceptedAtMs`. */
  at?(acceptedAtMs: number): Links;
}

export type Rendered = {
  readonly body: Uint8Array | SelfSignedBody;
  readonly contentType: string;
  /** Headers that belong to the message and are the same on every attempt, spelled as the vendor spells them. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** For transports that have one (e-mail subject). */
  readonly subject?: string;
  /** For a handshake that asks by another method than the target's (a preflight). */
  readonly method?: 'OPTIONS';
  /** What only the receiver may know of it: blacked out wherever its headers or the receiver's answer are shown. */
  readonly hidden?: readonly string[];
};

export type SelfSignedBody = {
  readonly sign: Omit<SignatureRequest, 'placement'>;
  /**
   * `keyId`: which signing key made the signature. Other than the one asked for only where that one was withdrawn; absent
   * where a secret of the webhook signs.
   */
  embed(signature: Uint8Array, keyId?: string): Uint8Array;
};

export type SignInput = {
  readonly body: Uint8Array;
  readonly messageId: string;
  readonly webhook: Webhook;
  /** Names of the webhook's secrets that are in force now (more than one during a rotation), newest first. */
  readonly secrets: readonly SecretReference[];
  readonly attemptAtMs: number;
};

/** A sealed secret by name; the bytes never reach a dialect. `format` is what `secretFormatOf` of core says of it. */
export type SecretReference = { readonly name: string; readonly version: number; readonly format: SecretFormat };

export type SignatureRequest = {
  readonly algorithm: 'hmac-sha256' | 'ed25519' | 'rsa-sha1' | 'rsa-sha256';
  readonly key: KeyReference;
  /** What is signed: the parts one after another, text as UTF-8. */
  readonly content: readonly (string | Uint8Array)[];
  readonly placement: Placement;
};

export type KeyReference =
  /** One of the webhook's secrets, decoded as the dialect says. */
  | { readonly kind: 'webhook-secret'; readonly secret: SecretReference; readonly decode: KeyDecoding }
  /** A signing key of the workspace or the server (SNS certificate). */
  | { readonly kind: 'signing-key'; readonly name: string; readonly id?: string };

/**
 * Where a signature goes: `header` as the vendor spells it. Several requests that name the same header are joined by
 * `separator` in their order. `fixed` headers that belong to the signature (its time, its id) are sent beside it.
 */
export type Placement = {
  readonly header: string;
  readonly prefix: string;
  readonly encoding: 'base64' | 'hex';
  readonly separator: string;
  readonly fixed: readonly (readonly [name: string, value: string])[];
};

export type VerifyInput = {
  /** Lower-case names, in the order received; a name may come twice. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The bytes as they arrived, never re-serialised. */
  readonly body: Uint8Array;
  readonly keys: readonly KeyMaterial[];
  readonly nowMs: number;
  /** Whose message it is thought to be; absent: nobody knows. */
  readonly webhook?: Pick<Webhook, 'id' | 'workspaceId' | 'settings'>;
};

/** An opened key, handed in by the caller for verification only. */
export type KeyMaterial =
  | { readonly kind: 'secret'; readonly value: string }
  | { readonly kind: 'certificate'; readonly pem: string };

/** `unsigned`: the message carries no signature of this dialect at all. `detail` never holds a secret or a signature. */
export type Verification = {
  readonly result: 'verified' | 'failed' | 'unsigned';
  readonly detail: string;
  /** It is verified, and says itself that it is another webhook's than `VerifyInput.webhook`: one key signs for several. */
  readonly ofAnother?: true;
};

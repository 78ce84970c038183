/**
 * The dialect contract: how a vendor speaks. A dialect is a translator: it turns a change into bytes and headers and
 * reads an answer. It never touches a socket, a clock, a file or a table; what needs I/O it names as data. Every
 * implementation is a folder with the same files (manifest, events, render, sign, judge, manage, index) and can be
 * deleted with its folder. The conformance suite in `testing/` is the contract's other half.
 */
import type { Change, ChangeKind } from '../core/change.ts';
import type { Notification } from '../core/delivery.ts';
import type { JsonObject } from '../core/json.ts';
import type { Outcome } from '../core/outcome.ts';
import type { DeliveryPolicy } from '../core/policy.ts';
import type { Verdict } from '../core/verdict.ts';
import type { TransportKind, Webhook } from '../core/webhook.ts';

export interface Dialect {
  readonly manifest: Manifest;
  /** Every change kind, mapped or `notSupported` with its reason. */
  readonly events: EventTable;
  /**
   * What this change becomes for this webhook: none, one or several notifications, in the order they are to be sent.
   * Pure but for `draw`, which yields random bytes for what must be fixed at commit. Called on the accept path for every
   * webhook that the index found, so it must be cheap. Events and filter have been applied to the events it names
   * by the caller; what only the vendor knows (conditions, archive = two notifications) is decided here.
   */
  notify(change: Change, webhook: Webhook, context: NotifyContext): readonly Notification[];
  /**
   * The body, from the change and the webhook revision of its commit and nothing else: called twice, it yields the same
   * bytes. A body that carries its own signature (SNS) asks for it with `sign` and finishes in `embed`.
   */
  render(input: RenderInput): Rendered;
  /** What is to be signed for this attempt and where the signatures go. May use the time of the attempt. */
  sign(input: SignInput): readonly SignatureRequest[];
  /** Turns an outcome into a verdict. Pure: attempt, age, policy, time and chance are arguments. */
  judge(input: JudgeInput): Verdict;
  /** The vendor's own API as a table of routes; absent where the dialect has none. */
  readonly manage?: readonly VendorRoute[];
}

export type EventTable = {
  readonly [Kind in ChangeKind]: readonly string[] | NotSupported;
};

export type NotSupported = { readonly notSupported: string };

/** Says why a dialect has no event for a change kind. */
export function notSupported(reason: string): NotSupported {
  return { notSupported: reason };
}

export type NotifyContext = {
  readonly nowMs: number;
  /** Random bytes from a CSPRNG, for ids that are fixed at commit. */
  draw(bytes: number): Uint8Array;
};

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
}

export type Rendered = {
  readonly body: Uint8Array | SelfSignedBody;
  readonly contentType: string;
  /** Headers that belong to the message and are the same on every attempt. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** For transports that have one (e-mail subject). */
  readonly subject?: string;
};

export type SelfSignedBody = {
  readonly sign: Omit<SignatureRequest, 'placement'>;
  embed(signature: Uint8Array): Uint8Array;
};

export type SignInput = {
  readonly body: Uint8Array;
  readonly messageId: string;
  readonly webhook: Webhook;
  /** Names of the webhook's secrets that are in force now (more than one during a rotation), newest first. */
  readonly secrets: readonly SecretReference[];
  readonly attemptAtMs: number;
};

/** A sealed secret by name; the bytes never reach a dialect. */
export type SecretReference = { readonly name: string; readonly version: number };

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
  | { readonly kind: 'signing-key'; readonly name: string };

/** `utf8`: the text itself (WoodWing). `whsec` and `whsk`: prefix removed, base64-decoded (Standard Webhooks). */
export type KeyDecoding = 'utf8' | 'whsec' | 'whsk';

/**
 * Where a signature goes. Several requests that name the same header are joined by `separator` in their order. `fixed`
 * headers that belong to the signature (its time, its id) are sent beside it.
 */
export type Placement = {
  readonly header: string;
  readonly prefix: string;
  readonly encoding: 'base64' | 'hex';
  readonly separator: string;
  readonly fixed: readonly (readonly [name: string, value: string])[];
};

export type JudgeInput = {
  readonly outcome: Outcome;
  /** Number of the attempt that just ended, from 1. */
  readonly attempt: number;
  readonly createdAtMs: number;
  readonly nowMs: number;
  readonly policy: DeliveryPolicy;
  /** In [0, 1): drawn once per verdict, for jitter. */
  readonly chance: number;
};

/** Everything the console, the CLI, the API and the reference need to know about a dialect. Data only. */
export type Manifest = {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  /** The vendor's pages this was built from, with the date read. */
  readonly sources: readonly { readonly url: string; readonly readOn: string }[];
  readonly events: readonly EventDescription[];
  readonly transports: readonly TransportKind[];
  readonly configuration: ConfigurationSchema;
  readonly capabilities: Capabilities;
  readonly limits: DialectLimits;
  readonly policy: DeliveryPolicy;
  /** How deliveries are signed, in words, and the header names a receiver reads. */
  readonly signing: { readonly summary: string; readonly headers: readonly string[] };
  /** Names that custom headers may not use (lower case), beside the ones no webhook may set. */
  readonly reservedHeaders: readonly string[];
};

export type EventDescription = {
  readonly name: string;
  readonly summary: string;
  /** When it fires, in a sentence. */
  readonly fires: string;
  readonly changeKinds: readonly ChangeKind[];
  /** JSON Schema 2020-12 of the whole body. */
  readonly schema: JsonObject;
  readonly example: JsonObject;
};

/** JSON Schema of `Webhook.settings`, with the secret fields named so that they are sealed and masked. */
export type ConfigurationSchema = {
  readonly schema: JsonObject;
  readonly secretFields: readonly string[];
  /** Secrets that Assetwire makes when none is given. */
  readonly generated: readonly GeneratedSecret[];
};

export type GeneratedSecret = {
  readonly name: string;
  readonly format: 'whsec' | 'whsk' | 'base64-16' | 'none';
  /** How long the previous one keeps signing after a rotation. */
  readonly overlapMs: number;
};

/** Flags with documented defaults; nobody asks for a vendor's name. */
export type Capabilities = {
  /** The target may be edited after creation (default true). */
  readonly targetEditable: boolean;
  /** One event only per webhook (default false). */
  readonly singleEvent: boolean;
  /** Deliveries wait for a confirmation of the endpoint (default false). */
  readonly handshake: boolean;
  /** `http` targets are accepted on any public address; otherwise only towards ranges the operator allowed. */
  readonly plainHttp: boolean;
  readonly customHeaders: boolean;
  readonly credentials: readonly ('none' | 'basic' | 'bearer' | 'oauth2')[];
};

export type DialectLimits = {
  readonly webhooksMax: number;
  readonly customHeadersMax: number;
  readonly payloadBytesMax: number;
};

/** A route of a vendor's own API: parse the request to one of our commands, present its result in the vendor's form. */
export type VendorRoute = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the dialect's mount, with `:name` parameters. */
  readonly path: string;
  readonly scope: string;
  parse(request: VendorRequest): VendorCommand | VendorAnswer;
  present(result: JsonObject, request: VendorRequest): VendorAnswer;
};

export type VendorRequest = {
  readonly parameters: { readonly [name: string]: string };
  readonly query: { readonly [name: string]: string };
  readonly headers: { readonly [name: string]: string };
  readonly body: JsonObject | null;
};

/** One of our use cases by name, with its input. */
export type VendorCommand = { readonly command: string; readonly input: JsonObject };
export type VendorAnswer = {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  readonly body: JsonObject | string | null;
};

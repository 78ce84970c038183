/** What a dialect says of itself, as data: the words of `Dialect.manifest`. */
import type { ChangeKind } from '../../core/change.ts';
import type { JsonObject } from '../../core/json.ts';
import type { DeliveryPolicy, PolicyOverride } from '../../core/policy.ts';
import type { SecretFormat } from '../../core/secret.ts';
import type { Credentials, TransportKind } from '../../core/webhook.ts';

/** Everything the console, the CLI, the API and the reference need to know about a dialect. Data only. */
export type Manifest = {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  /** The vendor's pages this was built from, with the date read. */
  readonly sources: readonly { readonly url: string; readonly readOn: string }[];
  readonly events: readonly EventDescription[];
  readonly transports: readonly TransportKind[];
  /** The vendor's own names for where deliveries may go, where it has several: what a form offers first. */
  readonly protocols?: readonly ProtocolDescription[];
  readonly configuration: ConfigurationSchema;
  /**
   * The vendor's own form for a webhook, in its words and its order; what it leaves out stands behind. Absent: name, target,
   * credentials, events, settings.
   */
  readonly form?: readonly FormPart[];
  readonly capabilities: Capabilities;
  readonly limits: DialectLimits;
  readonly policy: DeliveryPolicy;
  /** What is different where deliveries go to a queue or by mail. */
  readonly policyByTransport?: { readonly [Kind in TransportKind]?: PolicyOverride };
  /**
   * Webhooks of this dialect are about one library each, named by its key in this setting (the default one where absent). Made
   * only by callers who may read what is in it; switched off when the key that made one loses that; one key has no two that
   * are equal. `organizationSetting`: filled with the library's organization where it is left out.
   */
  readonly library?: { readonly setting: string; readonly organizationSetting: string };
  /** Settings of the vendor's server that concern all its webhooks in a workspace. */
  readonly properties?: readonly PropertyDescription[];
  /** How deliveries are signed, in words, and the header names a receiver reads. */
  readonly signing: {
    readonly summary: string;
    readonly headers: readonly string[];
    /** A message that `sign` asks no signature for is refused by configuration, never sent unsigned (default false). */
    readonly required?: boolean;
  };
  /** How an endpoint is asked whether it wants deliveries; there exactly where `capabilities.handshake` is true. */
  readonly handshake?: Handshake;
  /** Keys of the workspace that bodies are signed with, made on first use (SNS: an RSA key with its certificate). */
  readonly signingKeys?: readonly {
    readonly name: string;
    readonly algorithm: 'rsa-2048' | 'ed25519';
    readonly certificate: boolean;
    /** Where receivers fetch the certificate, below the dialect's mount; `{key}` is the key's id in 32 hexadecimal digits. */
    readonly certificatePath: string;
  }[];
  /** Names that custom headers may not use (lower case), beside the ones no webhook may set. */
  readonly reservedHeaders: readonly string[];
  /** What a projection may name, where that are a fixed few. Absent: any path in an asset. */
  readonly projectionFields?: readonly string[];
};

/**
 * The question is rendered as a notification of its own; its `frozen` holds `publicUrl`, our own address, and `token`, which
 * belongs into the link by which the endpoint may answer later. `judge` reads the answer (`Verdict.confirms`).
 */
export type Handshake = {
  /** Event name of the question; in no catalogue, because nobody subscribes to it. */
  readonly event: string;
  /** How long a webhook stays pending before it is given up. */
  readonly expiresMs: number;
  /** When a webhook that is still pending is asked again; null: never, one that was not answered is made anew. */
  readonly askAgainMs: number | null;
  /** How often one that consented is asked whether it still does; null: never. */
  readonly repeatMs: number | null;
  /**
   * One that has consented is not asked again when it is switched off and on, and its link can be visited twice. One whose
   * time is over, or that took its consent back, can not be switched on: it is to be made anew.
   */
  readonly lasting?: true;
  /** What an endpoint of these transports is told when it took its consent back; the link in it gives it anew. */
  readonly farewell?: { readonly event: string; readonly transports: readonly TransportKind[] };
  /** The token in the link: random bytes, as text. Absent: 20 bytes in base64url. */
  readonly token?: { readonly bytes: number; readonly encoding: 'hex' | 'base64url' };
  /** The question and the farewell as receivers get them, where they have a body: what is in no catalogue is told here. */
  readonly messages?: readonly Omit<EventDescription, 'changeKinds'>[];
};

/** Something that a vendor's server is set up with, for all its webhooks in a workspace. */
export type PropertyDescription = {
  /** The vendor's own name. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
} & (
  | {
      /** A whole number. */
      readonly type: 'integer';
      /** Included. */
      readonly min: number;
      readonly max: number;
      readonly default: number;
    }
  | { readonly type: 'boolean'; readonly default: boolean }
);

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
  readonly format: SecretFormat | 'base64-16' | 'none';
  /** What a secret of the caller's own may be; `checkSecret` of core decides. Absent: any text. */
  readonly accepts?: readonly Exclude<SecretFormat, 'text'>[];
  /** How long the previous one keeps signing after a rotation. */
  readonly overlapMs: number;
};

/** One of the vendor's ways to be told, and what choosing it means in our words. */
export type ProtocolDescription = {
  /** As the vendor's API spells it. */
  readonly name: string;
  readonly title: string;
  readonly transport: TransportKind;
  /** What the vendor calls the place to send to: a URL, an ARN, an address. */
  readonly endpoint: { readonly title: string; readonly description: string; readonly example: string };
  /** Settings that go with it. */
  readonly settings?: JsonObject;
};

/** One part of a vendor's form. Each is there once at most but `settings`, which may stand in several places. */
export type FormPart = {
  readonly part: FormPartName;
  /** What the vendor calls it. */
  readonly title: string;
  readonly hint?: string;
  /** Of `settings`: which fields of the configuration stand here. */
  readonly fields?: readonly string[];
  /** Of `target`: a URL is asked for in two, by these names: its host, and what is behind it. */
  readonly split?: readonly [host: string, path: string];
};

/** `environment`: the workspace, which a vendor has several of. */
export const formPartNames = [
  'name',
  'environment',
  'target',
  'credentials',
  'headers',
  'events',
  'settings',
  'secret',
  'contacts',
] as const;
export type FormPartName = (typeof formPartNames)[number];

/** Flags with documented defaults; nobody asks for a vendor's name. */
export type Capabilities = {
  /** The target may be edited after creation (default true). */
  readonly targetEditable: boolean;
  /** One event only per webhook (default false). */
  readonly singleEvent: boolean;
  /** A webhook may have no event at all and is then told nothing (default false). */
  readonly noEvents?: boolean;
  /** Deliveries wait for a confirmation of the endpoint (default false). */
  readonly handshake: boolean;
  /** `http` targets are accepted on any public address; otherwise only towards ranges the operator allowed. */
  readonly plainHttp: boolean;
  readonly customHeaders: boolean;
  readonly credentials: readonly Credentials['kind'][];
  /** A bearer token may go into the query as `access_token` (default false). */
  readonly tokenInQuery?: boolean;
  /** `https://user:password@…` is understood: name and password become Basic credentials (default false: refused). */
  readonly credentialsInUrl?: boolean;
};

export type DialectLimits = {
  /** Webhooks of this dialect in one workspace. */
  readonly webhooksMax: number;
  /**
   * Name of the property (`Manifest.properties`) by which a workspace sets another maximum; its default is `webhooksMax`.
   * Absent: it stays as it is.
   */
  readonly webhooksMaxProperty?: string;
  readonly customHeadersMax: number;
  readonly payloadBytesMax: number;
};

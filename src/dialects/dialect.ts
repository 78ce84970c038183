/**
 * The dialect contract: how a vendor speaks. A dialect is a translator: it turns a change into bytes and headers and
 * reads an answer. It never touches a socket, a clock, a file or a table; what needs I/O it names as data. Every
 * implementation is a folder with the same files (manifest, events, render, sign, judge, manage, index) and can be
 * deleted with its folder. The conformance suite in `testing/` is the contract's other half.
 */
import type { Change, ChangeKind } from '../core/change.ts';
import type { Notification } from '../core/delivery.ts';
import type { ErrorCode, Problem } from '../core/errors.ts';
import type { EventTable } from '../core/event-table.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { JudgeInput } from '../core/judge.ts';
import type { DeliveryPolicy, PolicyOverride } from '../core/policy.ts';
import type { KeyDecoding, SecretFormat } from '../core/secret.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Credentials, Target, TransportKind, Webhook } from '../core/webhook.ts';

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
  /**
   * The body names the subject, the event and the moment, or the state at that moment, and nothing of the change itself. So
   * where several changes of one commit become the same event of the same subject, one notification says it all: the first is told.
   */
  readonly oncePerMoment?: true;
  /** What is to be signed for this attempt and where the signatures go. May use the time of the attempt. */
  sign(input: SignInput): readonly SignatureRequest[];
  /** Turns an outcome into a verdict. Pure: attempt, age, policy, time and chance are arguments. */
  judge(input: JudgeInput): Verdict;
  /** What the values of `Manifest.properties` make of the dialect's policy; given those that are set. Pure. */
  readonly policyFor?: (values: JsonObject) => PolicyOverride;
  /** What a webhook's own target and settings make of the policy; the webhook's `policy` goes before it. Pure. */
  readonly policyOf?: (webhook: Webhook) => PolicyOverride;
  /**
   * Which events there are none of with these values of `Manifest.properties` (a module that is switched off); given those
   * that are set. Webhooks cannot be made for them, and those that have them are told nothing of them. Pure.
   */
  readonly eventsOff?: (values: JsonObject) => readonly string[];
  /**
   * How many days before an asset is archived a webhook with these settings wants to be told (`asset.pre_archive`), beside
   * the workspace's own notices; 1 to 365. Asked only where it has an event of that kind. Pure.
   */
  readonly archiveNoticeDays?: (settings: JsonObject) => readonly number[];
  /**
   * What a JSON Schema cannot say of `Webhook.settings`, such as a query that cannot be read. Pure; asked with settings that
   * fit the schema when a webhook is saved. `at` is a JSON pointer below the settings.
   */
  readonly checkSettings?: (settings: JsonObject) => readonly Problem[];
  /**
   * Whether what arrived was signed with one of these keys: what the inbox and the CLI show. Pure, and total over any
   * bytes and headers. Absent where the dialect does not sign.
   */
  readonly verify?: (input: VerifyInput) => Verification;
  /**
   * What a receiver needs to verify beside its own code, made from a secret of ours: the public half of an asymmetric
   * one. Null where the secret itself is shared. Absent where no secret of the dialect has a public half.
   */
  readonly publicKey?: (secret: string) => string | null;
  /**
   * What the receiver's side has to set up before deliveries can arrive there, such as the policy of a queue. Pure; asked
   * before a webhook is saved, and shown with it afterwards.
   */
  readonly receiverSetup?: (input: ReceiverSetupInput) => readonly SetupStep[];
  /**
   * Receivers ask for what they were sent long after it was delivered: its bytes are kept as long as the delivery. Else they
   * are made again when somebody looks, which a later public URL or release may make differently.
   */
  readonly keepsMessages?: true;
  /** The vendor's own API as a table of routes; absent where the dialect has none. */
  readonly manage?: readonly VendorRoute[];
  /** How the vendor's API words an error; absent: problem+json. */
  readonly presentError?: (error: VendorError, request: VendorRequest) => VendorAnswer;
}

export type ReceiverSetupInput = {
  readonly target: Target;
  /** Who asks at the receiver's door: the ARN of the account, role or user that the server sends to queues as; null: not told. */
  readonly awsPrincipal: string | null;
  /** Whether the webhook brings keys of its own; then `awsPrincipal` is not who asks. */
  readonly ownKeys: boolean;
};

/** One thing for the receiver's side to do. */
export type SetupStep = {
  readonly title: string;
  readonly text: string;
  /** To be copied as it stands, where there is something: a policy, a record. */
  readonly document?: JsonObject;
  /** What parts of the document mean: a JSON pointer into it, and a sentence. */
  readonly notes?: readonly { readonly at: string; readonly text: string }[];
};

export type NotifyContext = {
  readonly nowMs: number;
  /** Random bytes from a CSPRNG, for ids that are fixed at commit. */
  draw(bytes: number): Uint8Array;
  /**
   * The id of the workspace's present signing key of this name, for bodies that name their certificate. Handed in where
   * `Manifest.signingKeys` lists the name; undefined where none is known, and the one of the attempt signs.
   */
  readonly signingKeyId?: (name: string) => string | undefined;
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

/** A route of a vendor's own API: parse the request to one of our commands, present its result in the vendor's form. */
export type VendorRoute = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the dialect's mount, with `:name` parameters. */
  readonly path: string;
  /**
   * The scope its caller's key needs; `public` where the vendor asks for none (links in messages, certificates), `signed-in`
   * where any key may come and the use case judges what it may do.
   */
  readonly scope: string;
  /** `ignored`: whatever is sent is not looked at, because clients send empty forms of any type. Default: JSON or a form. */
  readonly body?: 'ignored';
  /** A sign-in: where `sessions.open` found somebody, the answer sets the session cookie. */
  readonly signsIn?: boolean;
  /** How this route words an error; absent: as the dialect does. */
  readonly presentError?: Dialect['presentError'];
  /**
   * What anybody may ask for has a rate. `token`: knowing it is a right, so who asks for what is not there is guessing, and is
   * held up as who tries keys is. `id`: receivers ask, with ids that strangers may have sent them; what is not there counts
   * for more, but holds nobody up for longer than a second.
   */
  readonly guessable?: 'token' | 'id';
  parse(request: VendorRequest): VendorCommand | VendorContent | VendorRecording | VendorAnswer;
  /** What is to be done with what the command found, before it is presented; null: nothing more. */
  next?(result: JsonObject, request: VendorRequest): VendorCommand | VendorAnswer | null;
  present(result: JsonObject, request: VendorRequest): VendorAnswer;
};

export type VendorRequest = {
  /** `HEAD` where a GET route is asked with it: nothing may change. */
  readonly method?: string;
  readonly parameters: { readonly [name: string]: string };
  readonly query: { readonly [name: string]: string };
  readonly headers: { readonly [name: string]: string };
  /** Whether there is an Authorization header of the form `Bearer KEY`; what it holds is not a dialect's to see. */
  readonly bearer?: boolean;
  /** The JSON object, or the fields of a form (without its files); null where there was none. */
  readonly body: JsonObject | null;
  /** Absolute URL of the dialect's mount as this caller reaches it, without a slash at its end. */
  readonly base: string;
  /** What the caller may do; empty on public routes. */
  readonly scopes: readonly string[];
  /** Makes the links that payloads carry, good from now on; `links.at` counts their expiry from another moment. */
  readonly links: Links;
  readonly nowMs: number;
};

/** What went wrong, in our words, for the vendor's form of an error. */
export type VendorError = {
  readonly code: ErrorCode;
  readonly status: number;
  /** What is wrong and what to do about it. */
  readonly detail: string;
  /** The two apart, for a vendor's API whose clients have never heard of what the latter names. */
  readonly reason?: string;
  readonly mend?: string;
  /** There is no route at the path that was asked for. */
  readonly unmatched?: true;
  /** What does not fit of our input, where that is known: `at` names our field, so a dialect says the vendor's instead. */
  readonly problems?: readonly Problem[];
};

/** The use cases of ours that a vendor's route may ask for; `src/api/vendor-commands.ts` says what each takes. */
export type VendorCommandName =
  | `webhooks.${'create' | 'update' | 'amend' | 'get' | 'getWithSecret' | 'list' | 'all' | 'remove'}`
  | `webhooks.${'enable' | 'disable' | 'test' | 'rotateSecret'}`
  | `assets.${'get' | 'getLinked' | 'getPlaced' | 'list' | 'search' | 'patch'}`
  | `sessions.${'open' | 'close'}`
  | `webhooks.${'own' | 'ownOne' | 'removeOwn' | 'trial'}`
  | `libraries.${'get' | 'list'}`
  | `broadcasts.${'get' | 'list' | 'clip' | 'remove'}`
  | `images.${'get' | 'list' | 'remove'}`
  | 'deliveries.ofMessage'
  | `consents.${'find' | 'findWebhook' | 'confirm' | 'unsubscribe' | 'neverAsk'}`
  | 'signingKeys.certificate'
  | 'webhooks.consent';

/** One of our use cases by name, with its input. */
export type VendorCommand = { readonly command: VendorCommandName; readonly input: JsonObject };
/** The bytes of an asset, or of one of its renditions; ranges and safe headers are seen to. */
export type VendorContent = {
  readonly content: {
    /** The vendor's id of the asset: one of its aliases, or else `ownId`. */
    readonly id: string;
    /** Ours, where the vendor's id is a spelling of it. */
    readonly ownId?: string;
    /** Of these renditions the first that there is; absent: the original. */
    readonly renditions?: readonly string[];
    /** Saved, never shown. */
    readonly saved?: boolean;
  };
};
/** The recording of a broadcast, for whoever has a link that `Links.signature` signed; refused where it was not, or is over. */
export type VendorRecording = {
  readonly recording: {
    readonly workspaceId: string;
    /** Our id. */
    readonly broadcastId: string;
    readonly text: string;
    readonly signature: string;
    readonly expiresAtMs: number | null;
  };
};
export type VendorAnswer = {
  readonly status: number;
  readonly headers?: { readonly [name: string]: string };
  /** JSON, or text as it stands; null for none. */
  readonly body: JsonObject | readonly JsonValue[] | string | null;
};

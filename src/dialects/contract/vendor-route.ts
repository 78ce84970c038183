/** A vendor's own API as a table of routes: the words of `Dialect.manage`. */
import type { ErrorCode, Problem } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Links } from './message.ts';

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
  readonly presentError?: PresentError;
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

/** How a vendor's API words an error. */
export type PresentError = (error: VendorError, request: VendorRequest) => VendorAnswer;

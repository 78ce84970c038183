/**
 * The dialect contract: how a vendor speaks. A dialect is a translator: it turns a change into bytes and headers and
 * reads an answer. It never touches a socket, a clock, a file or a table; what needs I/O it names as data. Every
 * implementation is a folder with the same files (manifest, events, render, sign, judge, manage, index) and can be
 * deleted with its folder. The words it is said in lie in `contract/`; the conformance suite in `testing/` is the
 * contract's other half.
 */
import type { Change } from '../core/change.ts';
import type { Notification } from '../core/delivery.ts';
import type { Problem } from '../core/errors.ts';
import type { EventTable } from '../core/event-table.ts';
import type { JsonObject } from '../core/json.ts';
import type { JudgeInput } from '../core/judge.ts';
import type { PolicyOverride } from '../core/policy.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Target, Webhook } from '../core/webhook.ts';
import type { Manifest } from './contract/manifest.ts';
import type {
  Rendered,
  RenderInput,
  SignatureRequest,
  SignInput,
  Verification,
  VerifyInput,
} from './contract/message.ts';
import type { PresentError, VendorRoute } from './contract/vendor-route.ts';

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
  readonly presentError?: PresentError;
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

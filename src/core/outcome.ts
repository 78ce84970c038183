/**
 * What one try to send came to. Outcomes are values: a transport never throws for what a receiver or a network can do,
 * and nobody compares error texts. The judge of the dialect turns an outcome into a verdict.
 */
export type Outcome =
  | {
      readonly kind: 'response';
      readonly response: ReceivedResponse;
      readonly timing: Timing;
      readonly address?: string;
      /** Where it took an access token to ask at all. */
      readonly token?: TokenUse;
    }
  /** No access token could be had for the receiver, which was not asked: its token endpoint failed, not the receiver. */
  | {
      readonly kind: 'token-failed';
      readonly code: TokenFailure;
      /** What the token endpoint said, for people; without secrets. */
      readonly detail: string;
      /** How long the token endpoint is left in peace after this failure, over all deliveries of the webhook. */
      readonly waitMs: number;
      readonly timing: Timing;
    }
  | (NetworkFailure & { readonly timing: Timing; readonly address?: string })
  /** The egress proxy let nothing through: a fault of our own road, whatever the receiver would have said. Nothing was sent. */
  | (ProxyFault & { readonly timing: Timing; readonly address?: string })
  /**
   * A queue service or a mail server answered in its own terms that it did not take the message. Its numbers are no HTTP
   * statuses (SMTP's 4xx mean "later", its 5xx "never"), so what follows from it stands in `again`.
   */
  | {
      readonly kind: 'not-accepted';
      readonly code: NotAccepted;
      /** What it said and what mends it, for people; without secrets. */
      readonly detail: string;
      /** Whether the same message may be taken later. */
      readonly again: boolean;
      /** Absent where it is known before anything is sent: no keys to sign with, a message over the limit. */
      readonly response?: ReceivedResponse;
      readonly timing: Timing;
      readonly address?: string;
    }
  /** The guard refused the target. Nothing was sent. */
  | { readonly kind: 'blocked-address'; readonly reason: BlockReason; readonly timing: Timing }
  /** Our own configuration makes the request impossible (bad header, missing secret, unusable certificate). Nothing was sent. */
  | { readonly kind: 'refused-by-config'; readonly code: string; readonly detail: string; readonly timing: Timing }
  /** The process ended, or was told to, while the attempt was in flight: whether the receiver got it is unknown. */
  | { readonly kind: 'interrupted'; readonly timing: Timing };

export type NetworkFailure =
  | { readonly kind: 'timeout'; readonly phase: 'dns' | 'connect' | 'tls' | 'send' | 'headers' | 'body' }
  | { readonly kind: 'dns-failed'; readonly code: DnsFailure }
  | { readonly kind: 'connect-failed'; readonly code: string }
  | { readonly kind: 'tls-failed'; readonly code: TlsFailure; readonly detail: string }
  /** The connection broke after the request began: reset, truncated, not HTTP, too large a header. */
  | { readonly kind: 'broken'; readonly code: BrokenReason; readonly detail?: string };

/** `detail` says what happened and what mends it, for people; without secrets and without the proxy's name. */
export type ProxyFault = { readonly kind: 'proxy-failed'; readonly code: ProxyFailure; readonly detail: string };

/** Why the egress proxy let nothing through. */
export type ProxyFailure =
  /** No connection to it, or one that broke before it answered. */
  | 'unreachable'
  | 'timeout'
  /** It could not prove who it is. */
  | 'tls-failed'
  /** It wants other credentials than ours, or some at all. */
  | 'credentials'
  /** Its own rules do not let us to this place. */
  | 'refused'
  /** It says that it, or what stands behind it, is in trouble. */
  | 'unavailable'
  /** What it answered opens no tunnel: a page, a redirect, no HTTP at all. */
  | 'no-tunnel';

export type OutcomeKind = Outcome['kind'];

/** Every kind there is, in the order people are offered them: what the receiver did first, what never left us last. */
export const outcomeKinds = [
  'response',
  'timeout',
  'connect-failed',
  'dns-failed',
  'tls-failed',
  'broken',
  'not-accepted',
  'token-failed',
  'proxy-failed',
  'blocked-address',
  'refused-by-config',
  'interrupted',
] as const satisfies readonly OutcomeKind[];

/** Why a queue service or a mail server did not take a message. */
export type NotAccepted =
  /** The caller is known and not let in: the policy of the queue, or of the account, does not allow it. */
  | 'access-denied'
  /** There is no such queue, or no such mailbox. */
  | 'no-such-target'
  | 'throttled'
  /** Our clock and theirs are too far apart for a signature to count. */
  | 'clock-skew'
  /** Our key, token or password is unknown, expired or revoked. */
  | 'credentials'
  | 'too-large'
  /** It holds characters, or has a form, that is not taken. */
  | 'unacceptable-content'
  /** The server itself is in trouble. */
  | 'unavailable'
  /** The mail server said no for a reason of its own: later (4xx) or never (5xx). */
  | 'deferred'
  | 'refused'
  | 'other';

/** Why no access token could be had. */
export type TokenFailure =
  | 'timeout'
  /** No connection, or one that broke. */
  | 'unreachable'
  | 'tls-failed'
  /** The guard refused the address of the token endpoint. */
  | 'blocked-address'
  /** It said no: the credentials, the client or the scope are not what it accepts. */
  | 'refused'
  /** It is in trouble, or asked to be left alone for a while. */
  | 'unavailable'
  | 'redirected'
  /** It answered with something that is no token. */
  | 'invalid-answer'
  /** The request could not be made. */
  | 'not-sent';

/** Which access token an attempt went out with. */
export type TokenUse = {
  /**
   * `kept`: one from an earlier attempt. `fetched`: for this attempt. `renewed`: the receiver answered 401 to a kept one, so
   * another was fetched and the message sent once more; what is recorded is the second answer.
   */
  readonly source: 'kept' | 'fetched' | 'renewed';
  /** How long the token was waited for. */
  readonly waitedMs: number;
  /** The receiver answered 401, and another token could not be had: why. */
  readonly renewalFailed?: TokenFailure;
};

export type BlockReason =
  | 'forbidden-address'
  | 'forbidden-name'
  | 'forbidden-port'
  | 'forbidden-scheme'
  | 'self-connection';
export type DnsFailure =
  | 'not-found'
  | 'no-address'
  | 'server-failed'
  | 'refused'
  | 'loop'
  | 'malformed'
  | 'unreachable';
export type TlsFailure =
  | 'certificate-expired'
  | 'certificate-not-yet-valid'
  | 'self-signed'
  | 'unknown-authority'
  | 'wrong-host'
  | 'protocol'
  | 'client-certificate'
  | 'other';
export type BrokenReason = 'reset' | 'truncated' | 'not-http' | 'headers-too-large' | 'upgraded' | 'other';

/** Where the time of an attempt went, in whole and tenths of milliseconds; absent where a phase did not happen (kept connection). */
export type Timing = {
  readonly startedAtMs: number;
  readonly dnsMs?: number;
  readonly connectMs?: number;
  readonly tlsMs?: number;
  /** From the first byte sent to the first byte of the answer. */
  readonly firstByteMs?: number;
  readonly totalMs: number;
};

export type ReceivedResponse = {
  readonly status: number;
  /** Lower-case names, as received, at most 64 of them and 16 KiB together. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The first bytes of the body as they came, never decompressed; at most `limits.responseReadBytesMax`. */
  readonly body: Uint8Array;
  /** Bytes read before the answer ended or was cut. */
  readonly bodyBytes: number;
  /** False where the body was cut by our limit, the deadline or a broken connection; the status stands all the same. */
  readonly bodyComplete: boolean;
};

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
    }
  | (NetworkFailure & { readonly timing: Timing; readonly address?: string })
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

export type OutcomeKind = Outcome['kind'];

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

/**
 * Access tokens, one per webhook: kept until a while before they expire, fetched once however many messages wait for it
 * (HARDENING OA-04), and not asked for again for a while after a failure (OA-03). A webhook's token is nobody else's, whatever
 * token endpoint and credentials another one names (OA-07), and other credentials begin anew (OA-08).
 *
 * A token is `proven` once a receiver answered anything but 401 to it. A proven one that meets 401 is renewed at once; one
 * that never worked is renewed every few seconds at most, so that wrong rights cannot become a flood of token requests.
 */
import type { Outcome, ProxyFault, TokenFailure } from '../../core/outcome.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { OutgoingMessage, TokenGrant, Transport } from '../transport.ts';
import { readTokenAnswer } from './token-answer.ts';
import { tokenRequest } from './token-request.ts';

export type AccessTokensSettings = {
  readonly transport: Pick<Transport, 'send'>;
  readonly clock: Clock;
  readonly userAgent: string;
};

/** A message that needs a token. */
export type Authorized = OutgoingMessage & { readonly authorization: TokenGrant };

export type TokenResult =
  | { readonly kind: 'token'; readonly value: string; readonly source: 'kept' | 'fetched' }
  | TokenRefusal
  | ProxyFault
  | { readonly kind: 'interrupted' };
export type TokenRefusal = {
  readonly kind: 'failed';
  readonly code: TokenFailure;
  readonly detail: string;
  readonly waitMs: number;
};

export type AccessTokens = {
  /** At once where one is kept or the endpoint is left in peace. */
  token(message: Authorized): TokenResult | Promise<TokenResult>;
  /** The receiver answered something else than 401 to this one. */
  proven(message: Authorized, value: string): void;
  /** The receiver answered 401 to this one: another that somebody fetched meanwhile, a new one, or null: none is asked for. */
  renewed(message: Authorized, value: string): TokenResult | Promise<TokenResult> | null;
};

/** One fetch, over all its phases; never longer than the attempt that began it. */
const fetchMsMax = 10_000;
/** A token is not used this shortly before it expires, or for the last fifth of a short life. */
const marginMsMax = 60_000;
const marginShare = 0.2;
const renewAgainMs = 5_000;
const peaceMsMin = 5_000;
const peaceMsMax = 60_000;
const askedMsMax = 5 * 60_000;
const webhooksMax = 20_000;

type Entry = {
  readonly fingerprint: string;
  token: { readonly value: string; readonly fetchedAtMs: number; readonly untilMs: number; proven: boolean } | null;
  flight: Promise<TokenResult> | null;
  failures: number;
  /** Until then the endpoint is left in peace. */
  peace: { readonly untilMs: number; readonly refusal: TokenRefusal } | null;
};

export function createAccessTokens({ transport, clock, userAgent }: AccessTokensSettings): AccessTokens {
  const entries = new Map<string, Entry>();

  const entryOf = ({ webhookId, authorization: { fingerprint } }: Authorized): Entry => {
    const known = entries.get(webhookId);
    if (known !== undefined && known.fingerprint === fingerprint) return known;
    entries.delete(webhookId);
    // The oldest makes room: a map gives its keys in the order they came.
    const [oldest] = entries.size >= webhooksMax ? entries.keys() : [];
    if (oldest !== undefined) entries.delete(oldest);
    const entry: Entry = { fingerprint, token: null, flight: null, failures: 0, peace: null };
    entries.set(webhookId, entry);
    return entry;
  };

  const fetched = (entry: Entry, message: Authorized): TokenResult | Promise<TokenResult> => {
    if (entry.flight !== null) return entry.flight;
    const nowMs = clock.monotonicMs();
    if (entry.peace !== null && nowMs < entry.peace.untilMs) {
      return { ...entry.peace.refusal, waitMs: Math.ceil(entry.peace.untilMs - nowMs) };
    }
    entry.flight = transport
      .send(askFor(message, userAgent))
      .then((outcome) => learn(entry, outcome))
      .finally(() => {
        entry.flight = null;
      });
    return entry.flight;
  };

  const learn = (entry: Entry, outcome: Outcome): TokenResult => {
    const answer = readTokenAnswer(outcome, clock.nowMs());
    const nowMs = clock.monotonicMs();
    // Neither says anything of the endpoint, so it is not left in peace for it.
    if (answer.kind === 'interrupted' || answer.kind === 'proxy-failed') return answer;
    if (answer.kind === 'failed') {
      entry.failures += 1;
      const grownMs = Math.min(peaceMsMax, peaceMsMin * 2 ** Math.min(entry.failures - 1, 10));
      const waitMs = Math.max(grownMs, Math.min(askedMsMax, answer.askedMs));
      const { code, detail } = answer;
      const refusal: TokenRefusal = { kind: 'failed', code, detail, waitMs };
      entry.token = null;
      entry.peace = { untilMs: nowMs + waitMs, refusal };
      return refusal;
    }
    const { value, lifetimeMs } = answer;
    const marginMs = Math.min(marginMsMax, lifetimeMs * marginShare);
    entry.failures = 0;
    entry.peace = null;
    entry.token = { value, fetchedAtMs: nowMs, untilMs: nowMs + lifetimeMs - marginMs, proven: false };
    return { kind: 'token', value, source: 'fetched' };
  };

  return {
    token(message) {
      const entry = entryOf(message);
      const { token } = entry;
      if (token !== null && clock.monotonicMs() < token.untilMs) {
        return { kind: 'token', value: token.value, source: 'kept' };
      }
      return fetched(entry, message);
    },
    proven(message, value) {
      const { token } = entryOf(message);
      if (token?.value === value) token.proven = true;
    },
    renewed(message, value) {
      const entry = entryOf(message);
      const { token } = entry;
      if (token === null) return fetched(entry, message);
      if (token.value !== value) return { kind: 'token', value: token.value, source: 'kept' };
      if (!token.proven && clock.monotonicMs() - token.fetchedAtMs < renewAgainMs) return null;
      return fetched(entry, message);
    },
  };
}

/** On the webhook's own lane of connections: a token endpoint that hangs takes nothing from anybody else. */
function askFor(message: Authorized, userAgent: string): OutgoingMessage {
  const { workspaceId, webhookId, timeoutMs, connectionsMax, signal, authorization } = message;
  return {
    workspaceId,
    webhookId,
    target: authorization.tokenUrl,
    method: 'POST',
    ...tokenRequest(authorization, userAgent),
    timeoutMs: Math.min(fetchMsMax, timeoutMs),
    // One more than deliveries may take: where both go to one host, the token must not wait for those that wait for it.
    connectionsMax: connectionsMax + 1,
    ...(signal === undefined ? {} : { signal }),
  };
}

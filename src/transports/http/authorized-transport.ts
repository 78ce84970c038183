/**
 * A transport that fetches the access token a message needs and sends the message with it, within the one deadline of the
 * message. A receiver that answers 401 to a token that was kept gets the message once more, with a new one; never a third
 * time (HARDENING OA-05). Messages that need no token pass through.
 */
import type { Outcome, TokenUse } from '../../core/outcome.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { OutgoingMessage, Transport } from '../transport.ts';
import {
  type AccessTokens,
  type Authorized,
  createAccessTokens,
  type TokenRefusal,
  type TokenResult,
} from './access-tokens.ts';

export type AuthorizedTransportSettings = {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly userAgent: string;
};

export function createAuthorizedTransport(settings: AuthorizedTransportSettings): Transport {
  const { transport, clock } = settings;
  const tokens = createAccessTokens(settings);
  return {
    kind: transport.kind,
    start: () => transport.start(),
    send: (message) =>
      isAuthorized(message) ? sendAuthorized({ transport, clock, tokens }, message) : transport.send(message),
    forget: (target) => transport.forget(target),
    stats: () => transport.stats(),
    stop: () => transport.stop(),
  };
}

type Parts = { readonly transport: Transport; readonly clock: Clock; readonly tokens: AccessTokens };

function isAuthorized(message: OutgoingMessage): message is Authorized {
  return message.authorization !== undefined;
}

/** When the attempt began, on both clocks. */
type Began = { readonly atMs: number; readonly steadyMs: number };

type Attempt = { readonly message: Authorized; readonly began: Began };

async function sendAuthorized(parts: Parts, message: Authorized): Promise<Outcome> {
  const { clock, tokens } = parts;
  const began: Began = { atMs: clock.nowMs(), steadyMs: clock.monotonicMs() };
  const attempt: Attempt = { message, began };
  const token = await withinDeadline(parts, attempt, tokens.token(message));
  if (token.kind !== 'token') return notSent(parts, began, token);
  const waitedMs = tookMs(clock, began);
  const outcome = await sendWith(parts, attempt, token.value);
  if (outcome.kind !== 'response') return outcome;
  const use: TokenUse = { source: token.source, waitedMs };
  if (outcome.response.status !== 401) {
    tokens.proven(message, token.value);
    return { ...outcome, token: use };
  }
  const asking = token.source === 'kept' ? tokens.renewed(message, token.value) : null;
  if (asking === null) return { ...outcome, token: use };
  const refusedAtMs = clock.monotonicMs();
  const other = await withinDeadline(parts, attempt, asking);
  if (other.kind === 'interrupted') return notSent(parts, began, other);
  if (other.kind === 'proxy-failed') return { ...outcome, token: { ...use, renewalFailed: 'unreachable' } };
  if (other.kind === 'failed') return { ...outcome, token: { ...use, renewalFailed: other.code } };
  const renewedMs = waitedMs + Math.max(0, round(clock.monotonicMs() - refusedAtMs));
  const second = await sendWith(parts, attempt, other.value);
  if (second.kind !== 'response') return second;
  if (second.response.status !== 401) tokens.proven(message, other.value);
  return { ...second, token: { source: 'renewed', waitedMs: renewedMs } };
}

async function sendWith(parts: Parts, { message, began }: Attempt, token: string): Promise<Outcome> {
  const { authorization: _, ...plain } = message;
  const leftMs = message.timeoutMs - (parts.clock.monotonicMs() - began.steadyMs);
  const outcome = await parts.transport.send({
    ...plain,
    headers: [...message.headers, ['Authorization', `Bearer ${token}`]],
    timeoutMs: Math.max(0, leftMs),
  });
  const timing = { ...outcome.timing, startedAtMs: began.atMs, totalMs: tookMs(parts.clock, began) };
  return outcome.kind === 'response'
    ? { ...outcome, timing, response: withoutToken(outcome.response, token) }
    : { ...outcome, timing };
}

/** A receiver that echoes the token must not bring it into the log: nobody else knows it to take it out (HARDENING RX-21). */
function withoutToken<Response extends Extract<Outcome, { kind: 'response' }>['response']>(
  response: Response,
  token: string,
): Response {
  const body = Buffer.from(response.body.buffer, response.body.byteOffset, response.body.byteLength);
  if (token.length < echoCharactersMin) return response;
  const headers = response.headers.some(([, value]) => value.includes(token))
    ? response.headers.map(([name, value]) => [name, value.replaceAll(token, '•••')] as const)
    : response.headers;
  if (body.indexOf(token) < 0) return headers === response.headers ? response : { ...response, headers };
  const shown = Buffer.from(body);
  for (let at = shown.indexOf(token); at >= 0; at = shown.indexOf(token, at + 1))
    shown.fill('*', at, at + token.length);
  return { ...response, headers, body: shown };
}

/** Shorter ones would black out innocent text. */
const echoCharactersMin = 8;

/** The token, or that there was none before the message's own time was over. */
async function withinDeadline(
  { clock }: Parts,
  { message, began }: Attempt,
  asked: TokenResult | Promise<TokenResult>,
): Promise<TokenResult> {
  if (!(asked instanceof Promise)) return asked;
  const leftMs = Math.max(0, message.timeoutMs - (clock.monotonicMs() - began.steadyMs));
  return new Promise((resolve, reject) => {
    const timer = clock.timer(leftMs, () => resolve(tooLate));
    void asked.then(resolve, reject).finally(() => timer.cancel());
  });
}

const tooLate: TokenRefusal = {
  kind: 'failed',
  code: 'timeout',
  detail: 'No answer of the token endpoint within the time of the attempt',
  waitMs: 0,
};

function notSent({ clock }: Parts, began: Began, token: Exclude<TokenResult, { kind: 'token' }>): Outcome {
  const timing = { startedAtMs: began.atMs, totalMs: tookMs(clock, began) };
  if (token.kind === 'interrupted') return { kind: 'interrupted', timing };
  if (token.kind === 'proxy-failed') return { ...token, timing };
  const { code, detail, waitMs } = token;
  return { kind: 'token-failed', code, detail, waitMs, timing };
}

function tookMs(clock: Clock, began: Began): number {
  return round(clock.monotonicMs() - began.steadyMs);
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

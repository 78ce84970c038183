/**
 * One connection to one judged address: TCP, or a tunnel of the egress proxy; the proof that the peer is the address we judged, then TLS under the
 * target's own name. Failures are values. The connection is handed over idle: not a byte of a request was sent.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext, type TLSSocket } from 'node:tls';
import type { Clock } from '../runtime/clock.ts';
import { addressKey, parseAddress } from './address.ts';
import { type ConnectFailure, errorCode, tlsFailure } from './connect-failure.ts';
import { openTunnel, type ProxyRoad } from './proxy-tunnel.ts';
import type { TargetUrl } from './target.ts';
import type { TlsSessions } from './tls-sessions.ts';

export type ConnectTimes = { readonly connectMs?: number; readonly tlsMs?: number };

export type Attached = { readonly kind: 'attached'; readonly socket: Socket; readonly address: string } & ConnectTimes;
export type Refused = {
  readonly kind: 'failed';
  readonly failure: ConnectFailure;
  readonly address?: string;
} & ConnectTimes;

export type AttachRequest = {
  readonly target: TargetUrl;
  /** Judged, in the order they are to be tried; at most `addressesTriedMax` are. */
  readonly addresses: readonly string[];
  /** Present for https. */
  readonly context?: SecureContext;
  readonly sessionKey: string;
  /** Present where the way leads through the egress proxy. */
  readonly via?: ProxyRoad;
  /** Told what is going on, so that a deadline can say where it struck. */
  readonly enter: (phase: 'proxy' | 'connect' | 'tls', socket: Socket) => void;
  readonly isCancelled: () => boolean;
};

export type Connector = { attach(request: AttachRequest): Promise<Attached | Refused> };

export type ConnectorSettings = {
  readonly clock: Clock;
  readonly sessions: TlsSessions;
  /** Over all addresses tried. Default 5 s. */
  readonly connectTimeoutMs?: number;
  /** Default 5 s. */
  readonly tlsTimeoutMs?: number;
};

const timeoutMsDefault = 5_000;
const addressesTriedMax = 4;
/** While there is another address to try, one that does not answer gets no more than this (HARDENING FR-11). */
const firstTryMs = 1_000;
const keepAliveProbeMs = 60_000;

export function createConnector(settings: ConnectorSettings): Connector {
  const { clock } = settings;
  return {
    async attach(request) {
      const startedMs = clock.monotonicMs();
      const tried = await connectAny(request, settings);
      const connectMs = clock.monotonicMs() - startedMs;
      if (tried.kind === 'failed') return { ...tried, connectMs };
      const { socket, address } = tried;
      // Behind a proxy the peer is the proxy: it was told the address, and is trusted to have gone there.
      if (request.via === undefined && !samePeer(socket.remoteAddress, address)) {
        socket.destroy();
        return {
          kind: 'failed',
          failure: { kind: 'blocked-address', reason: 'forbidden-address' },
          address,
          connectMs,
        };
      }
      if (request.context === undefined) return { kind: 'attached', socket, address, connectMs };
      const secured = await secure(request, request.context, { ...settings, plain: socket });
      const tlsMs = clock.monotonicMs() - startedMs - connectMs;
      if (secured.kind === 'failed') return { ...secured, address, connectMs, tlsMs };
      return { kind: 'attached', socket: secured.socket, address, connectMs, tlsMs };
    },
  };
}

async function connectAny(request: AttachRequest, settings: ConnectorSettings): Promise<Attached | Refused> {
  const { clock, connectTimeoutMs = timeoutMsDefault } = settings;
  const endMs = clock.monotonicMs() + connectTimeoutMs;
  const addresses = request.addresses.slice(0, addressesTriedMax);
  let last: Refused = { kind: 'failed', failure: { kind: 'connect-failed', code: 'EADDRNOTAVAIL' } };
  for (const [index, address] of addresses.entries()) {
    const leftMs = endMs - clock.monotonicMs();
    if (leftMs <= 0 || request.isCancelled()) break;
    const timeoutMs = index === addresses.length - 1 ? leftMs : Math.min(leftMs, firstTryMs);
    const tried = await tryOne(request, { clock, address, timeoutMs });
    if (tried.kind === 'attached' || isSameForAll(tried)) return tried;
    last = tried;
  }
  return last;
}

type Try = { readonly clock: Clock; readonly address: string; readonly timeoutMs: number };

async function tryOne(request: AttachRequest, one: Try): Promise<Attached | Refused> {
  const { via, target, enter } = request;
  if (via === undefined) return connectOne(request, one);
  const { address, timeoutMs } = one;
  const made = await openTunnel(via, { to: { address, port: target.port }, timeoutMs, enter });
  return made.kind === 'open'
    ? { kind: 'attached', socket: made.socket, address }
    : { kind: 'failed', failure: made.failure, address };
}

/** A proxy that cannot be asked, or answers nonsense, does so for the next address as well. */
function isSameForAll({ failure }: Refused): boolean {
  if (failure.kind !== 'proxy-failed') return false;
  return failure.code !== 'refused' && failure.code !== 'unavailable' && failure.code !== 'timeout';
}

function connectOne(request: AttachRequest, { clock, address, timeoutMs }: Try): Promise<Attached | Refused> {
  return new Promise((resolve) => {
    const socket = connectTcp({
      host: address,
      port: request.target.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveProbeMs,
      autoSelectFamily: false,
      // An address needs no lookup. Should one ever be asked for, it fails instead of reaching an unjudged address.
      lookup: (_name, _options, answer) => answer(new Error('No lookup after judgement'), ''),
    });
    const fail = (failure: ConnectFailure): void => {
      timer.cancel();
      socket.destroy();
      resolve({ kind: 'failed', failure, address });
    };
    const timer = clock.timer(timeoutMs, () => fail({ kind: 'timeout', phase: 'connect' }));
    // Stays for the life of the socket: an error nobody listens to would end the process.
    socket.on('error', (error) => fail({ kind: 'connect-failed', code: errorCode(error) }));
    socket.once('close', () => fail({ kind: 'connect-failed', code: 'ECANCELED' }));
    socket.once('connect', () => {
      timer.cancel();
      resolve({ kind: 'attached', socket, address });
    });
    request.enter('connect', socket);
  });
}

type Secured = { readonly kind: 'secured'; readonly socket: TLSSocket };

function secure(
  { target, sessionKey, enter }: AttachRequest,
  context: SecureContext,
  { clock, sessions, plain, tlsTimeoutMs = timeoutMsDefault }: ConnectorSettings & { readonly plain: Socket },
): Promise<Secured | Refused> {
  return new Promise((resolve) => {
    const session = sessions.get(sessionKey);
    const socket = connectTls({
      socket: plain,
      // The name that the certificate must carry; an address is compared with the certificate's addresses.
      host: target.hostname,
      ...(target.literal ? {} : { servername: target.hostname }),
      secureContext: context,
      // Named, so that NODE_TLS_REJECT_UNAUTHORIZED has no say.
      rejectUnauthorized: true,
      ALPNProtocols: ['http/1.1'],
      ...(session === undefined ? {} : { session }),
    });
    const fail = (failure: ConnectFailure): void => {
      timer.cancel();
      socket.destroy();
      plain.destroy();
      resolve({ kind: 'failed', failure });
    };
    const timer = clock.timer(tlsTimeoutMs, () => fail({ kind: 'timeout', phase: 'tls' }));
    socket.on('error', (error) => fail(tlsFailure(error) ?? brokenHandshake(errorCode(error))));
    socket.once('close', () => fail(brokenHandshake('ECONNRESET')));
    socket.on('session', (fresh) => {
      if (socket.authorized) sessions.set(sessionKey, fresh);
    });
    socket.once('secureConnect', () => {
      if (!socket.authorized) return fail({ kind: 'tls-failed', code: 'other', detail: 'unverified' });
      timer.cancel();
      resolve({ kind: 'secured', socket });
    });
    enter('tls', socket);
  });
}

function brokenHandshake(code: string): ConnectFailure {
  return { kind: 'tls-failed', code: 'other', detail: `The connection ended during the handshake (${code})` };
}

/** Nothing between our judgement and the kernel may have swapped the address. */
function samePeer(remote: string | undefined, judged: string): boolean {
  const peer = parseAddress(remote ?? '');
  const expected = parseAddress(judged);
  return peer !== null && expected !== null && addressKey(peer) === addressKey(expected);
}

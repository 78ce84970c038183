/**
 * The way out through the operator's egress proxy: TCP to it, TLS where its URL says so, then CONNECT to an address that
 * the guard has judged. What comes back is the socket of the tunnel, idle, on which everything goes on as on a direct one.
 * The proxy is told the address and its own credentials, and nothing of a message. Failures are values.
 */
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, isIPv6, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { limits } from '../core/limits.ts';
import type { Clock } from '../runtime/clock.ts';
import type { EgressProxyPlace } from '../runtime/egress-proxy-url.ts';
import { type ConnectFailure, errorCode, tlsFailure } from './connect-failure.ts';
import { brokenProxy, proxySilence, readConnectAnswer, untrustedProxy } from './proxy-answer.ts';

/** A proxy that is ready to be asked. */
export type ProxyRoad = {
  readonly place: EgressProxyPlace;
  readonly clock: Clock;
  readonly lookup: LookupFunction;
  /** Asked for where the place is secure. */
  readonly context: () => SecureContext;
};

type TunnelRequest = {
  /** Judged already. Null: no further than the proxy itself, to see that it is there. */
  readonly to: { readonly address: string; readonly port: number } | null;
  /** Over connection, TLS and answer. */
  readonly timeoutMs: number;
  /** Told of the socket, so that whoever waits can give up. */
  readonly enter: (phase: 'proxy', socket: Socket) => void;
};

type Tunnel =
  | { readonly kind: 'open'; readonly socket: Socket }
  | { readonly kind: 'failed'; readonly failure: ConnectFailure };

const keepAliveProbeMs = 60_000;
const addressesKeptMs = 10_000;
/** Of the answer to CONNECT: as of a receiver's. */
const answerBytesMax = limits.responseHeaderBytesMax;

export function createProxyRoad(
  place: EgressProxyPlace,
  parts: { readonly clock: Clock; readonly context: () => SecureContext },
): ProxyRoad {
  return { place, ...parts, lookup: createProxyLookup(place.host, parts.clock) };
}

export function openTunnel(road: ProxyRoad, { to, timeoutMs, enter }: TunnelRequest): Promise<Tunnel> {
  const { place, clock } = road;
  return new Promise((resolve) => {
    const tcp = connectTcp({
      host: place.host,
      port: place.port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveProbeMs,
      autoSelectFamily: true,
      lookup: road.lookup,
    });
    let greeting = false;
    const fail = (failure: ConnectFailure): void => {
      timer.cancel();
      tcp.destroy();
      resolve({ kind: 'failed', failure });
    };
    const timer = clock.timer(timeoutMs, () => fail(proxySilence));
    const arrive = (socket: Socket): void => {
      timer.cancel();
      resolve({ kind: 'open', socket });
    };
    // Both stay for the life of the socket: an error nobody listens to would end the process.
    const watch = (socket: Socket): void => {
      socket.on('error', (error) => {
        const tls = greeting ? tlsFailure(error) : null;
        fail(tls === null ? brokenProxy(errorCode(error)) : untrustedProxy(tls.detail));
      });
      socket.once('close', () => fail(brokenProxy('ECONNRESET')));
    };
    const ask = (socket: Socket): void => {
      greeting = false;
      if (to === null) return arrive(socket);
      readHead(socket, (head, more) => {
        const failure = readConnectAnswer({ head, more, secrets: secretsOf(place) });
        if (failure === null) arrive(socket);
        else fail(failure);
      });
      socket.write(connectRequest(place, to));
    };
    watch(tcp);
    tcp.once('connect', () => {
      if (!place.secure) return ask(tcp);
      greeting = true;
      const secured = greet(tcp, road);
      watch(secured);
      secured.once('secureConnect', () => {
        if (secured.authorized) ask(secured);
        else fail(untrustedProxy('unverified'));
      });
    });
    enter('proxy', tcp);
  });
}

function greet(tcp: Socket, { place: { host }, context }: ProxyRoad) {
  return connectTls({
    socket: tcp,
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    secureContext: context(),
    // Named, so that NODE_TLS_REJECT_UNAUTHORIZED has no say.
    rejectUnauthorized: true,
    ALPNProtocols: ['http/1.1'],
  });
}

function connectRequest({ login }: EgressProxyPlace, { address, port }: NonNullable<TunnelRequest['to']>): string {
  const authority = `${isIPv6(address) ? `[${address}]` : address}:${port}`;
  const authorization = login === null ? '' : `Proxy-Authorization: Basic ${basic(login)}\r\n`;
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${authorization}\r\n`;
}

/** Calls once, with the head of the answer, or null for one that does not end; `more`: bytes came right behind it. */
function readHead(socket: Socket, done: (head: string | null, more: boolean) => void): void {
  let text = '';
  const onReadable = (): void => {
    for (let piece: unknown = socket.read(); piece !== null; piece = socket.read()) {
      if (!Buffer.isBuffer(piece)) return;
      const from = Math.max(0, text.length - 3);
      text += piece.toString('latin1');
      const end = text.indexOf('\r\n\r\n', from);
      if (end === -1 && text.length <= answerBytesMax) continue;
      socket.removeListener('readable', onReadable);
      if (end === -1 || end > answerBytesMax) return done(null, false);
      return done(text.slice(0, end), text.length > end + 4 || socket.readableLength > 0);
    }
  };
  socket.on('readable', onReadable);
}

function basic({ user, password }: NonNullable<EgressProxyPlace['login']>): string {
  return Buffer.from(`${user}:${password}`, 'utf8').toString('base64');
}

/** What a proxy might send back in its words. */
function secretsOf({ login }: EgressProxyPlace): readonly string[] {
  return login === null ? [] : [basic(login), login.password].filter((secret) => secret !== '');
}

/**
 * The proxy is the operator's, so the system is asked for its name, hosts file and search domains included. One question
 * at a time: few threads answer them for the whole process.
 */
function createProxyLookup(host: string, clock: Clock): LookupFunction {
  let found: Promise<LookupAddress[]> | null = null;
  let keptUntilMs = Infinity;
  const ask = (): Promise<LookupAddress[]> => {
    keptUntilMs = Infinity;
    const asked = lookup(host, { all: true });
    asked.then(
      () => {
        keptUntilMs = clock.monotonicMs() + addressesKeptMs;
      },
      () => {
        keptUntilMs = -Infinity;
      },
    );
    return asked;
  };
  return (_host, _options, answer) => {
    if (found === null || clock.monotonicMs() >= keptUntilMs) found = ask();
    found.then(
      (addresses) => answer(null, addresses),
      (error: unknown) => answer(error instanceof Error ? error : new Error('unknown'), []),
    );
  };
}

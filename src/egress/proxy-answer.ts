/**
 * What an egress proxy's answer to CONNECT means, and what is said of a proxy that fails. Only a tunnel that is open, or
 * the proxy's plain word that the receiver refused the connection, is anything else than a fault of our own road
 * (HARDENING FR-13).
 */
import type { ProxyFailure, ProxyFault } from '../core/outcome.ts';
import type { ConnectFailure } from './connect-failure.ts';

type ConnectAnswer = {
  /** Status line and headers; null: they did not end within their limit. */
  readonly head: string | null;
  /** Whether more came right behind it, before anything was asked of the receiver. */
  readonly more: boolean;
  /** What must not be shown should the proxy send it back. */
  readonly secrets: readonly string[];
};

const saidCharactersMax = 300;

export const proxySilence: ProxyFault = fault(
  'timeout',
  'The egress proxy opened no tunnel in time: see that it is well, and that it gives up on a receiver within 5 seconds',
);

export function brokenProxy(code: string): ProxyFault {
  return fault(
    'unreachable',
    `The egress proxy cannot be reached (${code}): see that it runs, and host and port in ASSETWIRE_EGRESS_PROXY_URL`,
  );
}

export function untrustedProxy(code: string): ProxyFault {
  return fault(
    'tls-failed',
    `The egress proxy could not prove who it is (${code}): see its certificate; a private authority is trusted by NODE_EXTRA_CA_CERTS`,
  );
}

/** Null: the tunnel is open. */
export function readConnectAnswer({ head, more, secrets }: ConnectAnswer): ConnectFailure | null {
  const [line = '', ...fields] = (head ?? '').split('\r\n');
  const status = Number(/^HTTP\/1\.[01] ([1-5]\d\d)(?: |$)/.exec(line)?.[1] ?? 0);
  const field = (name: string): string =>
    fields
      .find((one) => one.toLowerCase().startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim() ?? '';
  if (status >= 200 && status <= 299) {
    const isPage = more || Number(field('content-length')) > 0 || /^text\//i.test(field('content-type'));
    return isPage ? noTunnel(`${status} and a page`) : null;
  }
  const said = shownText(field('x-smokescreen-error'), secrets);
  return remoteFailure(status, said) ?? refusal(status, said);
}

/** Smokescreen reached out, and says that it was the receiver who did not take the connection. */
function remoteFailure(status: number, said: string): ConnectFailure | null {
  if (status === 504 && /^timed out connecting to remote host/i.test(said))
    return { kind: 'timeout', phase: 'connect' };
  if (status !== 502 || !/^failed to connect to remote host/i.test(said)) return null;
  if (/connection refused/i.test(said)) return { kind: 'connect-failed', code: 'ECONNREFUSED' };
  return /no route to host/i.test(said) ? { kind: 'connect-failed', code: 'EHOSTUNREACH' } : null;
}

function refusal(status: number, said: string): ProxyFault {
  const words = said === '' ? '' : `. It said: ${said}`;
  // Smokescreen answers 407 where its rules forbid the place, too, and then says why.
  if (status === 403 || (status === 407 && said !== '')) {
    const detail = `The egress proxy does not let this server to the receiver’s address (${status}): allow the address and its port in the proxy’s rules`;
    return fault('refused', `${detail}${words}`);
  }
  if (status === 407 || status === 401) {
    const detail = `The egress proxy wants other credentials (${status}): see user and password in ASSETWIRE_EGRESS_PROXY_URL`;
    return fault('credentials', `${detail}${words}`);
  }
  if (status >= 500 || status === 429 || status === 408) {
    return fault(
      'unavailable',
      `The egress proxy is in trouble, or reaches no receiver (${status}): see its log${words}`,
    );
  }
  return noTunnel(status === 0 ? 'no HTTP' : String(status));
}

function noTunnel(answered: string): ProxyFault {
  return fault(
    'no-tunnel',
    `The egress proxy opened no tunnel (it answered ${answered}): see that ASSETWIRE_EGRESS_PROXY_URL names a proxy that takes CONNECT`,
  );
}

function shownText(text: string, secrets: readonly string[]): string {
  const masked = secrets.reduce((left, secret) => left.replaceAll(secret, '•••'), text);
  return masked.replaceAll(/\p{Cc}+/gu, ' ').slice(0, saidCharactersMax);
}

function fault(code: ProxyFailure, detail: string): ProxyFault {
  return { kind: 'proxy-failed', code, detail };
}

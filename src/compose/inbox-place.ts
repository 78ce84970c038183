/** Where the inbox is: for the road out, which lets webhooks go there, and for the URLs that people are shown. */
import type { ApiAddress } from '../api/api.ts';
import type { Egress } from '../egress/egress.ts';
import type { InboxCertificate } from '../egress/self-signed.ts';
import type { Settings } from '../runtime/configuration.ts';

/** The host that webhooks reach our inbox at, as the guard's exception and inbox URLs both name it. */
export function inboxHost(host: string): string {
  return host === '0.0.0.0' || host === '::' || host === 'localhost' ? '127.0.0.1' : host;
}

function inboxAuthority(listeningHost: string, port: number): string {
  const host = inboxHost(listeningHost);
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

type Listening = Pick<ApiAddress, 'host' | 'port' | 'tlsPort'> & { readonly certificate: InboxCertificate };

/** Our own ports are shut to webhooks, but for POST below /inbox/. */
export function openInbox(egress: Egress, { host, port, tlsPort, certificate }: Listening): void {
  egress.setOwnPorts(tlsPort === null ? [port] : [port, tlsPort]);
  egress.setInbox({
    address: inboxHost(host),
    port,
    ...(tlsPort === null ? {} : { tlsPort, caPem: certificate.certPem }),
  });
}

/**
 * Base of the inbox by http and by TLS. Whoever delivers may be another process than the one that listens: where there are
 * many, it is the public address, which the operator must have allowed as a target where it is a private one.
 */
export function inboxUrls(
  { host, publicUrl }: Pick<Settings, 'host' | 'publicUrl'>,
  { many, place }: { readonly many: boolean; readonly place: () => ApiAddress | null },
): { readonly inboxUrl: () => string; readonly inboxTlsUrl: () => string } {
  const listening = (port: number | null | undefined): string => inboxAuthority(host, port ?? 0);
  return {
    inboxUrl: () => (many ? publicUrl : null) ?? `http://${listening(place()?.port)}`,
    inboxTlsUrl: () =>
      (many && publicUrl?.startsWith('https:') === true ? publicUrl : null) ?? `https://${listening(place()?.tlsPort)}`,
  };
}

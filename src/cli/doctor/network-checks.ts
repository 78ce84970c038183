/** Checks of the ways in and out: the public URL, proxies, and targets that were named. */
import type { Configuration } from '../../runtime/configuration.ts';
import { createClient, RefusedError } from '../client.ts';
import type { CliContext } from '../context.ts';
import { reportOf } from '../error-report.ts';
import type { Finding } from './diagnose.ts';

const loopbackHttp = /^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/;

/**
 * Receivers of SNS messages fetch the certificate by https only. None where the setting itself is http: that is told with the
 * unsafe settings.
 */
export function checkSnsUrl({ settings: { snsUrl, publicUrl } }: Pick<Configuration, 'settings'>): readonly Finding[] {
  const name = 'SNS URL';
  if (snsUrl !== null) return snsUrl.startsWith('https:') ? [{ name, result: 'ok', detail: snsUrl }] : [];
  if (publicUrl?.startsWith('https:') === true) return [{ name, result: 'ok', detail: `below ${publicUrl}` }];
  const detail =
    'not set; it lies below the public URL, which is http: receivers of SNS messages fetch certificates by https only';
  const mend = 'Set ASSETWIRE_SNS_URL to an https URL before receivers of SNS messages are configured';
  // Where nobody outside is told anything yet, it is something to know.
  const result = publicUrl === null || loopbackHttp.test(publicUrl) ? 'info' : 'warning';
  return [{ name, result, detail, mend }];
}

/** Receivers follow links to it, so it must lead here: through DNS, TLS and whatever proxy stands before the server. */
export async function checkPublicUrl({
  settings: { publicUrl, host, port },
}: Pick<Configuration, 'settings'>): Promise<Finding> {
  const name = 'Public URL';
  if (publicUrl === null) {
    const detail = `not set; links in payloads begin with http://${host}:${port}`;
    return { name, result: 'info', detail, mend: 'Set ASSETWIRE_PUBLIC_URL once receivers are to follow links' };
  }
  try {
    await createClient({ url: publicUrl, key: null }).get('/livez');
    return { name, result: 'ok', detail: `${publicUrl} answers` };
  } catch (error) {
    const answered = error instanceof RefusedError;
    const detail = answered
      ? `${publicUrl} answers with ${error.status}`
      : `${publicUrl} does not answer: ${reportOf(error).message}`;
    const mend = answered
      ? 'Something else answers there: see the proxy before the server'
      : 'Start the server, and see that name, certificate and proxy lead to it (from here it may be unreachable by design)';
    return { name, result: 'warning', detail, mend };
  }
}

/** By which way deliveries leave. Variables that others read are not: a proxy counts only where it is set for Assetwire. */
export async function checkEgress(
  { settings }: Pick<Configuration, 'settings'>,
  { environment, server }: Pick<CliContext, 'environment' | 'server'>,
): Promise<readonly Finding[]> {
  const name = 'Egress';
  const set = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'https_proxy', 'http_proxy', 'all_proxy'].filter(
    (variable) => (environment[variable] ?? '') !== '',
  );
  const unused = set.length === 0 ? '' : `; ${set.join(', ')} is not used`;
  if (settings.egressProxyUrl === null) {
    return unused === '' ? [] : [{ name, result: 'info', detail: `deliveries go out directly${unused}` }];
  }
  const found = (await server.probeEgressProxy?.(settings)) ?? null;
  if (found === null) return [{ name, result: 'info', detail: `the egress proxy was not looked at${unused}` }];
  if (found.result !== 'reached') {
    const mend = 'Deliveries are retried, and no receiver is blamed, until the proxy is back';
    return [{ name, result: 'failed', detail: found.detail, mend }];
  }
  return [{ name, result: 'ok', detail: `deliveries go out by the egress proxy, ${found.detail}${unused}` }];
}

/** What becomes of a webhook to this URL, as far as the handshake. */
export async function checkTarget(
  url: string,
  { settings }: Pick<Configuration, 'settings'>,
  { server }: Pick<CliContext, 'server'>,
): Promise<Finding> {
  const name = 'Target';
  if (server.probeTarget === undefined) return { name, result: 'info', detail: 'not looked at' };
  const { result, detail, mend } = await server.probeTarget(settings, url);
  const shown = `${url}: ${detail}`;
  if (result === 'reached') return { name, result: 'ok', detail: shown };
  const usual =
    result === 'refused'
      ? 'Name it in ASSETWIRE_ALLOWED_TARGETS if it is yours'
      : 'See name, port, firewall and certificate';
  return { name, result: 'failed', detail: shown, mend: mend ?? usual };
}

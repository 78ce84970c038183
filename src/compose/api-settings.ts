/** Where the server listens and what it answers there. */
import type { ApiSettings } from '../api/api.ts';
import type { Settings } from '../runtime/configuration.ts';
import { snsPlace } from './dialects.ts';
import type { ComposeOptions } from './server-options.ts';
import { readVersion } from './version.ts';

/** A worker answers what operation needs and nothing else. */
export function apiSettings({ settings, certificate, run }: ComposeOptions): ApiSettings {
  const { host, port, publicUrl, uploadBytesMax, inboxTlsPort, trustedProxies, metricsOpen, dialectListen } = settings;
  const always = {
    host,
    port,
    ...(publicUrl === null ? {} : { publicUrl }),
    version: readVersion(),
    uploadBytesMax,
    trustedProxies,
    metricsOpen,
  };
  if (run === 'worker') return { ...always, only: 'operation' };
  return {
    ...always,
    dialectListen,
    ...snsHostMount(settings),
    inboxTls: {
      certificatePem: certificate.certPem,
      keyPem: certificate.keyPem,
      ...(inboxTlsPort === null ? {} : { port: inboxTlsPort }),
    },
  };
}

/** Where the SNS URL is a host of its own, what is asked of that host is what lies below the mount. */
function snsHostMount({ snsUrl, publicUrl }: Settings): Pick<ApiSettings, 'hostMounts'> {
  const url = snsUrl === null ? null : new URL(snsUrl);
  const ours = publicUrl === null ? null : new URL(publicUrl).host;
  if (url === null || url.pathname !== '/' || url.host === ours) return {};
  return { hostMounts: new Map([[url.host, `/${snsPlace.dialect}${snsPlace.path}`]]) };
}

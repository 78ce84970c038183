/** What the settings say of the road out. */
import type { EgressSettings } from '../egress/egress.ts';
import type { Settings } from '../runtime/configuration.ts';
import { type EgressProxyPlace, readEgressProxyUrl } from '../runtime/egress-proxy-url.ts';

type RoadSettings = Pick<Settings, 'allowedTargets' | 'deniedTargets' | 'egressProxyUrl' | 'sqsEndpoint'>;

/** The egress of these settings, without clock and chance. */
export function roadOut(settings: RoadSettings): Pick<EgressSettings, 'policy' | 'proxy' | 'directOrigins'> {
  const { allowedTargets, deniedTargets, sqsEndpoint } = settings;
  const proxy = egressProxyOf(settings);
  return {
    policy: { allowedTargets, deniedTargets },
    ...(proxy === null ? {} : { proxy }),
    // The operator's own, as a mail server is.
    ...(sqsEndpoint === null ? {} : { directOrigins: [new URL(sqsEndpoint).origin] }),
  };
}

/** Null where calls leave directly. */
export function egressProxyOf({ egressProxyUrl }: Pick<Settings, 'egressProxyUrl'>): EgressProxyPlace | null {
  return egressProxyUrl === null ? null : readEgressProxyUrl(egressProxyUrl);
}

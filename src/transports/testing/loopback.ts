/** The real road and the real transport, opened towards loopback, with what a test wants different. */
import { systemClock } from '../../runtime/clock.ts';
import { createSystemRandom } from '../../runtime/random.ts';
import { createEgress, type Egress, type EgressSettings } from '../../egress/egress.ts';
import { createHttpTransport, type HttpTransportSettings } from '../http/http-transport.ts';
import type { Transport } from '../transport.ts';

export const loopbackTargets = ['127.0.0.0/8', '::1/128'] as const;

export function createLoopbackEgress(settings: Partial<EgressSettings> = {}): Egress {
  return createEgress({
    clock: systemClock,
    random: createSystemRandom(),
    policy: { allowedTargets: loopbackTargets },
    ...settings,
  });
}

export async function startLoopbackTransport(
  settings: Partial<EgressSettings> & Partial<Omit<HttpTransportSettings, 'egress'>> = {},
): Promise<{ readonly transport: Transport; readonly egress: Egress }> {
  const egress = createLoopbackEgress(settings);
  const transport = createHttpTransport({ clock: systemClock, ...settings, egress });
  await transport.start();
  return { transport, egress };
}

/**
 * The real road and the real transport, opened towards loopback, with what a test wants different. Their deadlines count the
 * time in which this process ran (running-clock.ts), because their peers run in it too.
 */
import { createSystemRandom } from '../../runtime/random.ts';
import { createEgress, type Egress, type EgressSettings } from '../../egress/egress.ts';
import { createHttpTransport, type HttpTransportSettings } from '../http/http-transport.ts';
import type { Transport } from '../transport.ts';
import { runningClock } from './running-clock.ts';

export const loopbackTargets = ['127.0.0.0/8', '::1/128'] as const;

export function createLoopbackEgress(settings: Partial<EgressSettings> = {}): Egress {
  return createEgress({
    clock: runningClock,
    random: createSystemRandom(),
    policy: { allowedTargets: loopbackTargets },
    ...settings,
  });
}

export async function startLoopbackTransport(
  settings: Partial<EgressSettings> & Partial<Omit<HttpTransportSettings, 'egress'>> = {},
): Promise<{ readonly transport: Transport; readonly egress: Egress }> {
  const egress = createLoopbackEgress(settings);
  const transport = createHttpTransport({ clock: runningClock, ...settings, egress });
  await transport.start();
  return { transport, egress };
}

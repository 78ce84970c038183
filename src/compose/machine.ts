/** What this machine, with these settings, can do: asked by `doctor` and before a start. */
import { createEgress } from '../egress/egress.ts';
import { probeProxy, probeTarget as probe, type TargetProbe } from '../egress/probe-target.ts';
import { probeFfmpeg } from '../media/ffmpeg.ts';
import type { FilmTool } from '../media/media.ts';
import { commandProblem } from '../media/scanner.ts';
import { type InspectorTried, tryInspector } from '../media/try-inspector.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Settings } from '../runtime/configuration.ts';
import { createSystemRandom } from '../runtime/random.ts';
import { egressProxyOf, roadOut } from './road-out.ts';

/** Whether commits last where the data directory is, or would be; see the function of this name in the storage. */
export { checkDurability } from '../storage/sqlite/check-durability.ts';

/** What the road out, with these settings, makes of a target. */
export function probeTarget(settings: Settings, url: string): Promise<TargetProbe> {
  const clock = systemClock;
  return probe(url, { clock, egress: createEgress({ clock, random: createSystemRandom(), ...roadOut(settings) }) });
}

/** Whether the egress proxy of these settings is there; null where none is set. */
export async function probeEgressProxy(settings: Settings): Promise<TargetProbe | null> {
  const place = egressProxyOf(settings);
  return place === null ? null : probeProxy(place, systemClock);
}

/** Why the scanner that is set cannot be started; null where it can, or none is set. */
export function findScannerProblem({ scanCommand }: Settings): string | null {
  return scanCommand === null ? null : commandProblem(scanCommand);
}

/** The `ffmpeg` that these settings lead to, or why there is none. */
export async function findFilmTool({ ffmpeg }: Settings): Promise<FilmTool> {
  const { tool } = await probeFfmpeg(ffmpeg, { searchPath: process.env['PATH'], clock: systemClock });
  return tool;
}

/** Whether files can be looked into on this machine. */
export function tryReadingFiles(): Promise<InspectorTried> {
  return tryInspector({ clock: systemClock });
}

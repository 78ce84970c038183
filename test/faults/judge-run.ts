import { complaints } from './ledger.ts';
import type { KillLoopResult } from './kill-loop.ts';

/** The result of a kill loop in words: what came of it, and what is wrong with it. */
export function judgeRun(result: KillLoopResult): {
  readonly lines: readonly string[];
  readonly wrong: readonly string[];
} {
  const { sets, kills, hits, published } = result;
  const total = Object.values(kills).reduce((sum, count) => sum + count, 0);
  const wrong = [...complaints(sets)];
  if (!result.quiet) wrong.push('Deliveries were still owed when the calm ended');
  if (hits * 2 < total)
    wrong.push(`Only ${hits} of ${total} kills struck while work was in flight: the run shows too little`);
  const others = result.visiblyDead.filter(({ reason }) => reason !== quarantine);
  if (others.length > 0)
    wrong.push(`Died for another reason than crashes: ${others.map(({ event }) => event).join(', ')}`);
  if (published.ok === 0) wrong.push('No event was accepted: the run shows nothing');
  const slowest = Math.max(0, ...result.restartMs);
  const lines = [
    `kills        ${total}: ${Object.entries(kills)
      .map(([moment, count]) => `${count} ${moment}`)
      .join(', ')}`,
    `struck       ${hits} with work in flight; ${result.attemptsOpenAtKills} attempts open at the receiver in all`,
    `published    ${published.ok} accepted, ${published.refused} refused, ${published.unknown} unanswered`,
    `arrived      ${result.arrivals} requests`,
    `lost         ${sets.lost.length}`,
    `phantom      ${sets.phantom.length}`,
    `duplicated   ${sets.extraArrivals} (same id, same bytes, each explained by an interrupted attempt: ${sets.unexplained.length === 0 ? 'yes' : 'NO'})`,
    `unknown      ${sets.unknown.arrived.length} turned out accepted, ${sets.unknown.absent.length} not`,
    `doubled      ${sets.doubled.length}, partial ${sets.partial.length}, altered ${sets.altered.length}`,
    `dead         ${result.visiblyDead.length} ended dead, visibly${reasonsOf(result)}`,
    `restarts     ${result.restartMs.length}, slowest ${Math.round(slowest)} ms to ready`,
  ];
  return { lines, wrong };
}

/** Of the same delivery in the air at three crashes in a row. */
const quarantine = 'quarantined_after_crashes';

function reasonsOf({ visiblyDead }: KillLoopResult): string {
  return visiblyDead.length === 0 ? '' : `: ${[...new Set(visiblyDead.map(({ reason }) => reason))].join(', ')}`;
}

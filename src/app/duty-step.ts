/** What the handler of a duty commits of the duty itself: that it is done, or when it goes on and with what. */
import type { CommitItem } from '../storage/contract/commit-item.ts';
import type { Duty } from '../storage/contract/duties.ts';
import { commitOne } from './commit-one.ts';
import type { AppDeps } from './dependencies.ts';

type DutyStep = Omit<CommitItem, 'workspaceId' | 'atMs'>;

export function fulfilled({ id, version }: Duty): NonNullable<CommitItem['fulfils']> {
  return { dutyId: id, version };
}

export function advanced(
  { id, version, payload }: Duty,
  dueAtMs: number,
  next: Duty['payload'] = payload,
): NonNullable<CommitItem['advances']> {
  return { dutyId: id, version, dueAtMs, payload: next };
}

/** `stale` is no error: somebody was faster (it was cancelled), and the duty, asked again, finds that out. */
export async function commitStep(
  { storage, clock, engine }: Pick<AppDeps, 'storage' | 'clock' | 'engine'>,
  { workspaceId }: Duty,
  step: DutyStep,
): Promise<void> {
  await commitOne(storage, { workspaceId, atMs: clock.nowMs(), ...step });
  if (step.advances !== undefined) engine.dutyOffered();
}

/**
 * One attempt beside the lane, for test sends: the same rendering, signature, road, judgement and log as every other
 * attempt, but at once, whatever the lane does (disabled, behind, broken, throttled), and never again: what would be
 * retried ends dead. Neither the lane nor the health of its webhook learns anything from it.
 */
import type { Outcome } from '../core/outcome.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Links } from '../dialects/contract/message.ts';
import type { Random } from '../runtime/random.ts';
import { type RecordItem, unfenced } from '../storage/contract/record-item.ts';
import type { Storage } from '../storage/storage.ts';
import type { Clock } from '../runtime/clock.ts';
import { recordItem } from './attempt-verdict.ts';
import { summaryOf } from './delivery-summary.ts';
import { dialectVerdict } from './dialect-verdict.ts';
import type { EngineDeps } from './engine-deps.ts';
import type { TriedOnce, TryOnce, TryOnceInput } from './engine.ts';
import { isUnusable, type LaneSetup, makeLaneSetup } from './lane-setup.ts';
import { type Prepared, prepare } from './prepare.ts';
import type { Signer } from './signer.ts';

export type TryOnceDeps = Pick<EngineDeps, 'dialects' | 'transports' | 'log'> & {
  readonly storage: Pick<Storage, 'record'>;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly random: Pick<Random, 'fraction'>;
  readonly userAgent: string;
};

type Tried = {
  readonly setup: LaneSetup | null;
  readonly prepared: Prepared | null;
  readonly startedAtMs: number;
  readonly outcome: Outcome;
};

export function createTryOnce(deps: TryOnceDeps): TryOnce {
  return async (input) => {
    const tried = await attempt(deps, input);
    const item = recordOf(deps, input, tried);
    const [result] = await deps.storage.record([item]);
    const recorded: TriedOnce = { attempt: item.attempt, delivery: summaryOf(input.task.delivery, item) };
    return result === 'recorded' ? recorded : null;
  };
}

async function attempt(deps: TryOnceDeps, { current, task, links: made }: TryOnceInput): Promise<Tried> {
  const { dialects, transports, signer, userAgent, clock } = deps;
  const startedAtMs = clock.nowMs();
  const links = (): Links => made;
  const refused = (setup: LaneSetup | null, { code, detail }: { code: string; detail: string }): Tried => ({
    setup,
    prepared: null,
    startedAtMs,
    outcome: { kind: 'refused-by-config', code, detail, timing: { startedAtMs, totalMs: 0 } },
  });
  const setup = makeLaneSetup(current, { dialects, transports, links }, startedAtMs);
  if (isUnusable(setup)) return refused(null, setup.unusable);
  const prepared = await prepare(
    { task, setup, revision: current.webhook, storedBody: null, attemptAtMs: startedAtMs },
    { signer, userAgent },
  );
  if ('refusal' in prepared) return refused(setup, prepared.refusal);
  const outcome = await setup.transport.send({
    workspaceId: current.webhook.workspaceId,
    webhookId: current.webhook.id,
    target: setup.target,
    method: prepared.method,
    headers: prepared.headers,
    body: prepared.body,
    ...(prepared.subject === undefined ? {} : { subject: prepared.subject }),
    ...(setup.authorization === undefined ? {} : { authorization: setup.authorization }),
    ...(setup.awsKeys === undefined ? {} : { awsKeys: setup.awsKeys }),
    ...(setup.tls === undefined ? {} : { tls: setup.tls }),
    timeoutMs: setup.policy.timeoutMs,
    connectionsMax: setup.policy.concurrencyMax,
  });
  return { setup, prepared, startedAtMs, outcome };
}

function recordOf(deps: TryOnceDeps, { current, task }: TryOnceInput, tried: Tried): RecordItem {
  const { setup, outcome } = tried;
  const endedAtMs = deps.clock.nowMs();
  const verdict = setup === null ? rejected : lastWord(judged(deps, { task, setup, outcome, endedAtMs }));
  const webhookRevision = current.webhook.revision;
  return recordItem({ ...tried, task, epoch: unfenced, webhookRevision, verdict, endedAtMs, bodyIsStored: false });
}

const rejected = { kind: 'rejected', reason: 'refused-by-config' } as const;

type Judging = {
  readonly task: TryOnceInput['task'];
  readonly setup: LaneSetup;
  readonly outcome: Outcome;
  readonly endedAtMs: number;
};

function judged({ random, log }: TryOnceDeps, { task, setup, outcome, endedAtMs }: Judging): Verdict {
  const input = {
    outcome,
    event: task.delivery.event,
    attempt: 1,
    createdAtMs: task.delivery.createdAtMs,
    nowMs: endedAtMs,
    policy: setup.policy,
    chance: random.fraction(),
  };
  return dialectVerdict(setup, input, log);
}

/** There is no second attempt, and a test switches nothing off. */
function lastWord(verdict: Verdict): Extract<Verdict, { kind: 'delivered' | 'rejected' | 'dead' }> {
  switch (verdict.kind) {
    case 'retry':
      return { kind: 'dead', reason: verdict.reason };
    case 'disable':
      return { kind: 'rejected', reason: verdict.reason };
    default:
      return verdict;
  }
}

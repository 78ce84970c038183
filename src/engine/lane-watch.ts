/**
 * Watches over receivers: feeds every outcome to the disable rules of core, carries out what they say, and keeps each
 * lane's health in the store, so that a clock of five days survives a restart. A healthy lane writes nothing; a failing
 * one writes when its run of failures begins to matter, when a warning was given, and about once a minute.
 */
import { type HealthAction, healthy, type LaneHealth, observe } from '../core/disable-rules.ts';
import type { DeliveryId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { Outcome } from '../core/outcome.ts';
import type { DeliveryPolicy } from '../core/policy.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { DueClock } from './due-clock.ts';
import type { EgressSuspicion } from './egress-suspicion.ts';
import type { WebhookCare } from './engine.ts';
import type { EngineLog, EngineStorage } from './engine-deps.ts';
import type { Lane } from './lane.ts';

export type LaneWatch = {
  /** What an attempt showed of the receiver. */
  observe(lane: Lane, policy: DeliveryPolicy, outcome: Outcome, verdict: Verdict): void;
  /** Takes over what the store remembers of the lane. */
  remember(lane: Lane, stored: Resource | null): void;
  /** Writes the lane's health now; rejects where the store refuses. */
  save(lane: Lane): Promise<void>;
  /** Writes what has waited long enough. */
  flush(): Promise<void>;
  forget(lane: Lane): void;
};

export type LaneWatchParts = {
  readonly storage: Pick<EngineStorage, 'commit'>;
  readonly care: WebhookCare;
  readonly suspicion: EgressSuspicion;
  readonly clock: Clock;
  readonly due: DueClock;
  readonly log: EngineLog;
  /** Whether the lane is ours: another's health is not ours to write. */
  readonly mine: (lane: Lane) => boolean;
  /** The lane's service may have changed. */
  readonly onChange: (lane: Lane) => void;
};

/** A run of failures is written no more often than this while nothing else changes. */
const saveEveryMs = 60_000;
const saveBatchMax = 100;
const orderRetryMs = 1_000;
const orderRetryMsMax = 60_000;

export function createLaneWatch(parts: LaneWatchParts): LaneWatch {
  const { clock, due } = parts;
  /** Lanes whose health is to be written, with the monotonic time from which. */
  const dirty = new Map<Lane, number>();

  const change = (lane: Lane, health: LaneHealth): void => {
    const before = lane.health;
    if (health === before) return;
    lane.health = health;
    const matters =
      (health.failingSinceMs === null) !== (before.failingSinceMs === null) ||
      health.warnedPercent !== before.warnedPercent ||
      health.refused !== before.refused ||
      health.disabled !== before.disabled;
    const known = dirty.get(lane);
    if (matters) dirty.set(lane, clock.monotonicMs());
    else if (known === undefined) dirty.set(lane, clock.monotonicMs() + saveEveryMs);
  };

  /** Asks until it is done: a rule that has spoken must not be lost to a busy store. */
  const insist = (lane: Lane, ask: () => Promise<void>, done: () => void): void => {
    const attempt = (pauseMs: number): void => {
      ask().then(done, (error: unknown) => {
        parts.log.warn(
          { err: error, webhookId: lane.webhookId },
          'A disable rule could not be carried out: trying again',
        );
        clock.timer(pauseMs, () => attempt(Math.min(orderRetryMsMax, 2 * pauseMs)));
      });
    };
    attempt(orderRetryMs);
  };

  const disable = (lane: Lane, reason: string): void => {
    // Answers to what was in flight at the same time say the same again; once is enough until it is enabled anew.
    if (lane.disabling || lane.setup?.webhook.state === 'disabled' || lane.disableAsked) return;
    lane.disabling = true;
    lane.disableAsked = true;
    change(lane, { ...lane.health, disabled: true });
    lane.shelf.giveBack();
    parts.log.info({ webhookId: lane.webhookId, workspaceId: lane.workspaceId, reason }, 'webhook.disabled');
    insist(
      lane,
      () => parts.care.disable(lane.workspaceId, lane.webhookId, reason),
      () => {
        lane.disabling = false;
        lane.generation += 1;
        if (lane.knowledge !== 'gone') lane.knowledge = 'stale';
        parts.onChange(lane);
      },
    );
  };

  const act = (lane: Lane, action: HealthAction): void => {
    switch (action.kind) {
      case 'disable':
        disable(lane, action.reason);
        return;
      case 'warn': {
        const warning = { percent: action.percent, disablesAtMs: action.disablesAtMs };
        insist(
          lane,
          () => parts.care.warn(lane.workspaceId, lane.webhookId, warning),
          () => undefined,
        );
        return;
      }
      default:
        action satisfies never;
    }
  };

  const write = async (lanes: readonly Lane[]): Promise<void> => {
    const atMs = clock.nowMs();
    await parts.storage.commit(
      lanes.map((lane) => ({
        workspaceId: lane.workspaceId,
        atMs,
        resources: [
          {
            type: 'lane_health' as const,
            id: lane.webhookId,
            expectedVersion: 'any' as const,
            state: toState(lane),
          },
        ],
      })),
    );
  };

  return {
    observe(lane, policy, outcome, verdict) {
      const nowMs = clock.monotonicMs();
      if (verdict.kind === 'delivered') {
        parts.suspicion.note(lane.webhookId, false, nowMs);
        if (lane.health.failingSinceMs === null && lane.health.recentMs.length === 0) return;
        change(
          lane,
          observe(lane.health, { kind: 'success' }, { rules: policy.disable, nowMs: due.steadyMs() }).health,
        );
        return;
      }
      // Attempts that never left say nothing of the receiver.
      if (!showsReceiver(outcome)) return;
      // Whoever answers, even with no, was reached: our own road is fine.
      const unreached = outcome.kind !== 'response' && outcome.kind !== 'not-accepted';
      parts.suspicion.note(lane.webhookId, unreached, nowMs);
      if (verdict.kind === 'disable') {
        disable(lane, verdict.reason);
        return;
      }
      const step = observe(
        lane.health,
        {
          kind: 'failure',
          ...(outcome.kind === 'response' ? { status: outcome.response.status } : {}),
          ...(isRefusedForGood(outcome) ? { refused: true } : {}),
          suspectOurselves: parts.suspicion.suspects(nowMs),
        },
        { rules: policy.disable, nowMs: due.steadyMs() },
      );
      change(lane, step.health);
      for (const action of step.actions) act(lane, action);
    },
    remember(lane, stored) {
      const state = stored?.state ?? {};
      const { stoppedBy, stoppedAlso, stoppedRevision } = state;
      const also: readonly unknown[] = Array.isArray(stoppedAlso) ? stoppedAlso : [];
      const by = [stoppedBy, ...also].filter(isDeliveryId);
      lane.health = stored === null ? healthy : fromState(state);
      lane.stopped =
        by.length > 0 && typeof stoppedRevision === 'number' ? { by, revision: stoppedRevision, doubtful: true } : null;
      lane.healthKnown = true;
    },
    save: (lane) => write([lane]),
    async flush() {
      const nowMs = clock.monotonicMs();
      const lanes: Lane[] = [];
      for (const [lane, fromMs] of dirty) {
        if (fromMs > nowMs) continue;
        if (!parts.mine(lane)) {
          dirty.delete(lane);
          continue;
        }
        lanes.push(lane);
        if (lanes.length >= saveBatchMax) break;
      }
      if (lanes.length === 0) return;
      for (const lane of lanes) dirty.delete(lane);
      try {
        await write(lanes);
      } catch (error) {
        parts.log.warn({ err: error, lanes: lanes.length }, 'The health of lanes could not be stored: trying again');
        for (const lane of lanes) dirty.set(lane, clock.monotonicMs() + orderRetryMs);
      }
    },
    forget: (lane) => dirty.delete(lane),
  };
}

function showsReceiver(outcome: Outcome): boolean {
  switch (outcome.kind) {
    case 'response':
    case 'timeout':
    case 'dns-failed':
    case 'connect-failed':
    case 'tls-failed':
    case 'broken':
    case 'not-accepted':
      return true;
    // The receiver was not asked.
    case 'token-failed':
    case 'proxy-failed':
    case 'blocked-address':
    case 'refused-by-config':
    case 'interrupted':
      return false;
    default:
      return outcome satisfies never;
  }
}

/** About the target, not about one message that is too large or holds what is not taken. */
function isRefusedForGood(outcome: Outcome): boolean {
  return (
    outcome.kind === 'not-accepted' &&
    !outcome.again &&
    (outcome.code === 'no-such-target' || outcome.code === 'refused')
  );
}

function isDeliveryId(value: unknown): value is DeliveryId {
  return typeof value === 'string' && value.startsWith('dlv_');
}

/** Null removes the row: a healthy lane leaves nothing behind. */
function toState(lane: Lane): JsonObject | null {
  const { health, stopped } = lane;
  if (stopped === null && health.failingSinceMs === null && !health.disabled) return null;
  return {
    failingSinceMs: health.failingSinceMs,
    lastFailureAtMs: health.lastFailureAtMs,
    failures: health.failures,
    refused: health.refused,
    warnedPercent: health.warnedPercent,
    recentMs: health.recentMs,
    disabled: health.disabled,
    stoppedBy: stopped?.by[0] ?? null,
    ...(stopped !== null && stopped.by.length > 1 ? { stoppedAlso: stopped.by.slice(1) } : {}),
    stoppedRevision: stopped?.revision ?? null,
  };
}

function fromState(state: JsonObject): LaneHealth {
  const numberOr = <Fallback>(value: unknown, fallback: Fallback): number | Fallback =>
    typeof value === 'number' ? value : fallback;
  const { recentMs } = state;
  return {
    failingSinceMs: numberOr(state['failingSinceMs'], healthy.failingSinceMs),
    lastFailureAtMs: numberOr(state['lastFailureAtMs'], healthy.lastFailureAtMs),
    failures: numberOr(state['failures'], 0),
    warnedPercent: numberOr(state['warnedPercent'], 0),
    refused: numberOr(state['refused'], 0),
    recentMs: Array.isArray(recentMs) ? recentMs.filter((atMs) => typeof atMs === 'number') : [],
    disabled: state['disabled'] === true,
  };
}

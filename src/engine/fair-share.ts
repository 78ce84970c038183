/**
 * Who must step back while the loop is busy: a workspace to which more falls due at once than it usually has. Its turns
 * among the others (rota.ts) are not enough: each start brings a message, an answer and a record with it, and a loop that
 * is full of one workspace's is late for everybody's. So what a workspace starts beyond its share goes at the pace that the
 * loop has time for (pace.ts). Its share is what it was offered lately, or what the others get, and something on top; who
 * is alone has no pace to keep.
 */
import type { WorkspaceId } from '../core/ids.ts';
import type { LoopLoad } from '../runtime/loop-load.ts';
import { createPace } from '../runtime/pace.ts';

export type FairShare = {
  /** A delivery of the workspace was committed. */
  offered(workspaceId: WorkspaceId, nowMs: number): void;
  /** Milliseconds until the workspace may start another attempt; 0: now. */
  waitMs(workspaceId: WorkspaceId, nowMs: number): number;
  started(workspaceId: WorkspaceId, nowMs: number): void;
};

export type FairShareParts = {
  readonly load: LoopLoad;
  readonly weightOf: (workspaceId: WorkspaceId) => number;
  /**
   * Where other processes commit deliveries that are sent by this one, it is offered few of them: what a workspace is used to
   * is then what it started, held back or not. So it is held back ever less the longer it has more to send.
   */
  readonly learnsFrom: 'offers' | 'starts';
  /** Monotonic, as all times here. */
  readonly startMs: number;
};

/** Starts are counted in windows of this length. */
const windowMs = 100;
/** In each window, whatever others get. */
const startsFree = 8;
/** More than this many times what the others got on average is more than a share. */
const timesOthers = 2;
/** What a workspace is used to is what it had to send over about this time: a burst counts little in it, a steady stream in full. */
const usualMs = 10_000;
/** Workspaces whose usual is known; beyond it those that have little are forgotten. */
const usualMax = 10_000;
/** Of the loop's time, roughly: a start with all that it brings. */
const startCostMs = 0.15;
/** The loop may be this busy before anyone steps back: above it, what one callback brings lies in the way of the next. */
const loadFree = 0.65;
const loadBusy = 0.75;

/** Of deliveries offered or started, each counting less the longer ago it was. */
type Usual = { sum: number; atMs: number };

export function createFairShare({ load, weightOf, learnsFrom, startMs }: FairShareParts): FairShare {
  const pace = createPace(load, startMs, { costMs: startCostMs, loadFree, loadBusy });
  const usual = new Map<WorkspaceId, Usual>();
  let before = new Map<WorkspaceId, number>();
  let now = new Map<WorkspaceId, number>();
  let total = 0;
  let beganMs = startMs;

  const roll = (nowMs: number): void => {
    if (nowMs < beganMs + windowMs) return;
    before = nowMs < beganMs + 2 * windowMs ? now : new Map<WorkspaceId, number>();
    now = new Map();
    total = 0;
    beganMs = nowMs;
  };

  const usualOf = (workspaceId: WorkspaceId, nowMs: number): number => {
    const known = usual.get(workspaceId);
    return known === undefined ? 0 : (faded(known, nowMs) * windowMs) / usualMs;
  };

  const isOver = (workspaceId: WorkspaceId, nowMs: number): boolean => {
    const own = now.get(workspaceId) ?? 0;
    const weight = weightOf(workspaceId);
    if (own < startsFree * weight) return false;
    const others = Math.max(now.size - 1, before.size - (before.has(workspaceId) ? 1 : 0));
    if (others === 0) return false;
    const share = Math.max((timesOthers * weight * (total - own)) / others, usualOf(workspaceId, nowMs));
    return own >= startsFree * weight + share;
  };

  /** Less than one in a window is started in any case. Of those with more there are few, or the loop would not be there. */
  const forgetFew = (nowMs: number): void => {
    for (const [workspaceId, known] of usual) if (faded(known, nowMs) * windowMs < usualMs) usual.delete(workspaceId);
    if (usual.size >= usualMax) usual.clear();
  };

  const learn = (workspaceId: WorkspaceId, nowMs: number): void => {
    const known = usual.get(workspaceId);
    if (known === undefined) {
      if (usual.size >= usualMax) forgetFew(nowMs);
      usual.set(workspaceId, { sum: 1, atMs: nowMs });
      return;
    }
    if (nowMs > known.atMs) {
      known.sum = faded(known, nowMs);
      known.atMs = nowMs;
    }
    known.sum += 1;
  };

  return {
    offered(workspaceId, nowMs) {
      if (learnsFrom === 'offers') learn(workspaceId, nowMs);
    },
    waitMs(workspaceId, nowMs) {
      roll(nowMs);
      return isOver(workspaceId, nowMs) ? pace.waitMs(nowMs) : 0;
    },
    started(workspaceId, nowMs) {
      roll(nowMs);
      if (isOver(workspaceId, nowMs)) pace.began();
      if (learnsFrom === 'starts') learn(workspaceId, nowMs);
      now.set(workspaceId, (now.get(workspaceId) ?? 0) + 1);
      total += 1;
    },
  };
}

function faded({ sum, atMs }: Usual, nowMs: number): number {
  return sum * Math.exp((atMs - nowMs) / usualMs);
}

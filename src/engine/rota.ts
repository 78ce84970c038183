/**
 * Whose turn it is. Workspaces take turns, and within a workspace its ready lanes do; a workspace of weight 3 gets three
 * turns in a row. Joining and taking a turn cost the same however many lanes there are, and a lane that is not ready is
 * not in here at all.
 */
import type { WorkspaceId } from '../core/ids.ts';
import { createDeque, type Deque } from '../core/deque.ts';
import type { Lane } from './lane.ts';

export type Rota = {
  /** Puts a ready lane at the end of its workspace's queue; once. */
  join(lane: Lane): void;
  /**
   * The lane whose turn it is, taken out. Workspaces that may not be served now stand aside with all their lanes, until all
   * are admitted again.
   */
  next(mayServe?: (workspaceId: WorkspaceId) => boolean): Lane | undefined;
  admitAll(): void;
  /** Lanes that have turns: without those that stand aside. */
  readonly length: number;
};

type Group = {
  readonly workspaceId: WorkspaceId;
  readonly lanes: Deque<Lane>;
  turns: number;
  /** `none`: nothing in it is ready. */
  place: 'ring' | 'aside' | 'none';
};

/** Workspaces whose queue is kept while it is empty: making one takes as long as all turns of a delivery. */
const groupsKept = 1_000;

export function createRota(weightOf: (workspaceId: WorkspaceId) => number): Rota {
  const groups = new Map<WorkspaceId, Group>();
  const ring = createDeque<Group>();
  const aside: Group[] = [];
  let length = 0;

  /** The first that may be served. */
  const front = (mayServe: ((workspaceId: WorkspaceId) => boolean) | undefined): Group | undefined => {
    for (;;) {
      const group = ring.peek();
      if (group === undefined || mayServe === undefined || mayServe(group.workspaceId)) return group;
      ring.shift();
      group.turns = 0;
      group.place = 'aside';
      aside.push(group);
      length -= group.lanes.length;
    }
  };

  return {
    get length() {
      return length;
    },
    join(lane) {
      if (lane.queued) return;
      lane.queued = true;
      let group = groups.get(lane.workspaceId);
      if (group === undefined) {
        group = { workspaceId: lane.workspaceId, lanes: createDeque<Lane>(), turns: 0, place: 'none' };
        groups.set(lane.workspaceId, group);
      }
      group.lanes.push(lane);
      if (group.place === 'none') {
        group.place = 'ring';
        ring.push(group);
      }
      if (group.place === 'ring') length += 1;
    },
    next(mayServe) {
      const group = front(mayServe);
      if (group === undefined) return undefined;
      const lane = group.lanes.shift();
      group.turns += 1;
      if (group.lanes.length === 0) {
        ring.shift();
        group.place = 'none';
        group.turns = 0;
        if (groups.size > groupsKept) groups.delete(group.workspaceId);
      } else if (group.turns >= weightOf(group.workspaceId)) {
        ring.shift();
        group.turns = 0;
        ring.push(group);
      }
      if (lane === undefined) return undefined;
      lane.queued = false;
      length -= 1;
      return lane;
    },
    admitAll() {
      for (const group of aside.splice(0)) {
        group.place = 'ring';
        length += group.lanes.length;
        ring.push(group);
      }
    },
  };
}

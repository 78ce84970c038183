/** What the use cases tell the engine: to the one in this process, and by hint to whoever delivers the lane elsewhere. */
import type { EngineSignals } from '../app/dependencies.ts';
import type { MemberRole } from '../core/cluster.ts';
import type { Hint } from '../core/hint.ts';
import type { Engine } from '../engine/engine.ts';
import type { Cluster } from './cluster.ts';

export type SignalParts = {
  /** Null until it is made: each of the two is made of the other. */
  readonly engine: () => Engine | null;
  readonly cluster: Cluster;
  /** Whether what this process should run runs. */
  readonly running: () => boolean;
  readonly role: MemberRole;
  /** The operator asked that nothing be sent. */
  readonly paused: boolean;
};

export function engineSignals({ engine, cluster, running, role, paused }: SignalParts): EngineSignals {
  const { ownership, bus } = cluster;
  return {
    offer(tasks) {
      engine()?.offer(tasks);
      if (bus === null) return;
      let last = '';
      for (const { delivery } of tasks) {
        const { workspaceId, webhookId } = delivery;
        // One change seldom has two deliveries in one lane, but a batch has many.
        if (webhookId === last) continue;
        last = webhookId;
        if (ownership.owns(webhookId) === null) bus.tell({ kind: 'lane', workspaceId, webhookId });
      }
    },
    webhookChanged(workspaceId, webhookId) {
      engine()?.webhookChanged(workspaceId, webhookId);
      bus?.tell({ kind: 'webhook', workspaceId, webhookId });
    },
    dutyOffered() {
      engine()?.dutyOffered();
      bus?.tell({ kind: 'duties' });
    },
    running: () => running() && (cluster.leases()?.valid ?? true),
    detail: () => detailOf({ role, paused, running: running(), cluster }),
  };
}

function detailOf(at: { role: MemberRole; paused: boolean; running: boolean; cluster: Cluster }): string {
  if (!at.running) return 'not running';
  if (at.paused) return 'paused: nothing is sent until the server is started without ASSETWIRE_START_PAUSED';
  const leases = at.cluster.leases();
  if (leases === null) return 'running';
  if (!leases.valid) return 'its lease has run out: the database has not answered for half a minute';
  return at.role === 'api'
    ? `not in this process; ${leases.members} processes on the store`
    : `running: ${leases.shards} of 256 shards, ${leases.members} processes on the store`;
}

/** What other processes tell, passed to the engine of this one. */
export function hearForEngine(cluster: Cluster, engine: Engine): void {
  cluster.bus?.hear(
    (hint: Hint) => {
      switch (hint.kind) {
        case 'lane':
          engine.laneDue(hint.workspaceId, hint.webhookId);
          return;
        case 'webhook':
          engine.webhookChanged(hint.workspaceId, hint.webhookId);
          return;
        case 'duties':
          engine.dutyOffered();
          return;
        default:
      }
    },
    () => engine.doubt(),
  );
}

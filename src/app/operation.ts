/** Looking after the server: audit and readiness. */
import type { OperationCases } from './app.ts';
import { auditView } from './audit.ts';
import type { AppDeps } from './dependencies.ts';

export function createOperation({ storage, engine }: Pick<AppDeps, 'storage' | 'engine'>): OperationCases {
  return {
    async audit({ workspaceId }, { actor, action, target, ...page }) {
      const where = {
        ...(actor === undefined ? {} : { by: actor }),
        ...(action === undefined ? {} : { action }),
        ...(target === undefined ? {} : { target }),
      };
      const found = await storage.read.resources({ ...page, workspaceId, type: 'audit', where });
      return {
        items: found.items.map(auditView),
        nextCursor: found.nextCursor,
      };
    },

    async readiness() {
      const health = storage.health();
      const store = health.state === 'ok' || health.state === 'busy';
      const running = engine.running();
      return {
        ready: store && running,
        checks: [
          { name: 'storage', ok: store, detail: health.detail ?? health.state },
          { name: 'engine', ok: running, detail: running ? 'running' : 'not running' },
        ],
      };
    },
  };
}

/** Looking after the server: audit and readiness. */
import type { OperationCases } from './app.ts';
import { auditView, auditWhere } from './audit.ts';
import type { MediaCounts } from '../media/media.ts';
import type { AppDeps } from './dependencies.ts';

export function createOperation({
  storage,
  engine,
  media,
}: Pick<AppDeps, 'storage' | 'engine' | 'media'>): Omit<OperationCases, 'space'> {
  return {
    async audit({ workspaceId }, query) {
      const { actor: _actor, action: _action, target: _target, ...page } = query;
      const where = auditWhere(query);
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
          { name: 'engine', ok: running, detail: engine.detail?.() ?? (running ? 'running' : 'not running') },
          mediaCheck(media.counts()),
        ],
      };
    },
  };
}

/** One hostile file ends its process; so many in a row are no accident. */
const crashesMax = 3;

/** Never a reason to be called not ready: whatever is uploaded is accepted and told, with a note where it was not read. */
function mediaCheck({ crashedInARow, waiting }: MediaCounts) {
  const ok = crashedInARow < crashesMax;
  const detail = ok
    ? `${waiting} files waiting`
    : `files are not read: the last ${crashedInARow} processes for them ended; run assetwire doctor`;
  return { name: 'media', ok, detail };
}

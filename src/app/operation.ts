/** Looking after the server: audit and readiness. */
import type { OperationCases } from './app.ts';
import { auditView, auditWhere } from './audit.ts';
import type { FilesHealth } from '../blobs/blobs.ts';
import type { MediaCounts } from '../media/media.ts';
import type { AppDeps } from './dependencies.ts';

export function createOperation({
  storage,
  engine,
  media,
  files,
}: Pick<AppDeps, 'storage' | 'engine' | 'media' | 'files'>): Omit<OperationCases, 'space'> {
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
          { name: 'storage', ok: store, needed: true, detail: health.detail ?? health.state },
          {
            name: 'engine',
            ok: running,
            needed: true,
            detail: engine.detail?.() ?? (running ? 'running' : 'not running'),
          },
          mediaCheck(media.counts()),
          filesCheck(files?.health() ?? { state: 'ok' }),
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
  return { name: 'media', ok, needed: false, detail };
}

/**
 * Never a reason either: most requests and all deliveries need no file, and every process behind a proxy would be taken out at
 * once, for the place of files is the same for all.
 */
function filesCheck(health: FilesHealth) {
  const ok = health.state === 'ok';
  return { name: 'files', ok, needed: false, detail: ok ? 'given and taken' : health.detail };
}

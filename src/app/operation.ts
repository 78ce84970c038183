/** Looking after the server: statistics, notices, audit, settings, readiness. */
import type { Page, ResourceType } from '../storage/storage.ts';
import type { JsonObject } from '../core/json.ts';
import type { Caller, OperationCases } from './app.ts';
import type { AppDeps } from './dependencies.ts';

export function createOperation({
  storage,
  engine,
  settings,
}: Pick<AppDeps, 'storage' | 'engine' | 'settings'>): OperationCases {
  const rows = async (
    type: Extract<ResourceType, 'notice' | 'audit'>,
    { workspaceId }: Caller,
    query: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<JsonObject>> => {
    const page = await storage.read.resources({ ...query, workspaceId, type });
    return { items: page.items.map((row) => ({ id: row.id, ...row.state })), nextCursor: page.nextCursor };
  };

  return {
    notices: (caller, query) => rows('notice', caller, query),

    audit: (caller, query) => rows('audit', caller, query),

    settings: async () => settings.shown,

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

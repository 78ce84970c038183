import type { IdSource } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { NewDuty } from '../storage/contract/duties.ts';

/** What is owed once the days may have changed: a look at every asset, page by page. `days`: those that it began with. */
export type RenoticePayload = JsonObject & {
  readonly what: 'archive_notices';
  readonly cursor: string | null;
  readonly days?: readonly number[];
};

/** Several may be under way: each looks at the days as they are when it comes to an asset. */
export function renoticeDuty(
  ids: IdSource,
  { workspaceId, atMs }: { readonly workspaceId: string; readonly atMs: number },
): NewDuty {
  const payload: RenoticePayload = { what: 'archive_notices', cursor: null };
  return { id: ids.next('duty'), workspaceId, kind: 'timer', dueAtMs: atMs, payload };
}

/** Erasures as they are stored: a record without anything personal, and a duty that knows what to look for, sealed. */
import type { ErasedPast } from '../core/erased-past.ts';
import type { JsonObject } from '../core/json.ts';
import type { Resource } from '../storage/contract/resources.ts';
import type { EraseCursor } from '../storage/storage.ts';
import type { DataErasureView } from './erasure-cases.ts';

export type StoredDataErasure = Omit<DataErasureView, 'id'>;

/** Where the present is looked through: which type of thing, and from where on. */
export type PresentCursor = { readonly type: number; readonly cursor: string | null };

export type ErasureDutyPayload = JsonObject & {
  readonly erasureId: string;
  /** What to look for, sealed: it goes with the duty. */
  readonly sealed: string;
  /** Until when receivers may be told that the asset was deleted. */
  readonly tellUntilMs: number;
  readonly present: PresentCursor | null;
  readonly past: EraseCursor | null;
};

export function erasurePlace(workspaceId: string, id: string): string {
  return `${workspaceId} erasure ${id}`;
}

/** What was sealed is what `begin` sealed. */
export function readPast(text: string): ErasedPast {
  return JSON.parse(text) as ErasedPast;
}

export function storedDataErasure({ state }: Pick<Resource, 'state'>): StoredDataErasure {
  return state as unknown as StoredDataErasure;
}

export function dataErasureView({ id, state }: Pick<Resource, 'id' | 'state'>): DataErasureView {
  return { id, ...storedDataErasure({ state }) };
}

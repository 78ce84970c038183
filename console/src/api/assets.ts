/** Assets and where they lie, as the API shows them. */
import type { JsonObject, Page } from './json.ts';

export type AssetPage = Page<Asset> & {
  readonly complete: boolean;
  readonly total?: { readonly value: number; readonly is: 'exact' | 'atLeast' | 'atMost' | 'soFar' };
};

export type AssetFile = {
  readonly name?: string;
  readonly bytes?: number;
  readonly mimeType?: string;
  readonly sha256?: string;
  readonly url?: string;
  readonly widthPx?: number;
  readonly heightPx?: number;
  /** Whether something can be seen through it. */
  readonly hasAlpha?: boolean;
  readonly durationMs?: number;
  readonly pages?: number;
};

export type AssetState = {
  readonly kind: 'image' | 'video' | 'audio' | 'document' | 'broadcast' | 'other';
  readonly name: string;
  readonly path: string;
  readonly file?: AssetFile;
  readonly renditions?: readonly JsonObject[];
  readonly info?: JsonObject;
  readonly metadata: JsonObject;
  readonly embedded?: JsonObject;
  /** Absent: the one that is always there. */
  readonly library?: string;
  readonly tags: readonly string[];
  readonly labels?: readonly string[];
  readonly collections?: readonly string[];
  readonly archived: boolean;
  readonly archiveAtMs?: number;
  readonly publishAtMs?: number;
  readonly expiresAtMs?: number;
  readonly availability?: string;
  readonly checkedOutBy?: string;
  readonly checkedOutByName?: string;
  readonly checkedOutAtMs?: number;
  readonly focusPoint?: { readonly x: number; readonly y: number };
  readonly inspection?: { readonly state: string; readonly note?: string };
  readonly createdAtMs?: number;
  readonly createdBy?: string;
  readonly createdByName?: string;
};

export type Asset = {
  readonly id: string;
  readonly externalId?: string;
  readonly version: number;
  readonly state: AssetState;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

export type AssetVersion = {
  readonly number: number;
  readonly active: boolean;
  readonly createdAtMs?: number;
  readonly file: AssetFile;
};

export type Folder = {
  readonly id: string;
  readonly path: string;
  readonly name: string;
  readonly parent: string | null;
  /** When asked for by itself. */
  readonly counts?: { readonly assets: number; readonly folders: number };
};

/** Work on many assets that goes on by itself. */
export type Task = { readonly id: string; readonly state: 'running' | 'done'; readonly total: number };

/** `key` is what assets in it carry; the name is for people. */
export type Collection = { readonly id: string; readonly key: string; readonly name: string };

export type ShareLink = {
  readonly id: string;
  readonly url: string;
  readonly name: string;
  readonly expiresAtMs: number | null;
  readonly hasPassword: boolean;
};

import type { JsonObject, JsonValue } from './json.ts';

export const assetKinds = ['image', 'video', 'audio', 'document', 'broadcast', 'other'] as const;
export type AssetKind = (typeof assetKinds)[number];

/** One stored or named file. `blob` is our content address; a pushed state may name a `url` instead of bytes. */
export type AssetFile = {
  readonly name: string;
  readonly bytes: number;
  readonly mimeType: string;
  readonly sha256?: string;
  readonly sha1?: string;
  readonly md5?: string;
  readonly blob?: string;
  readonly url?: string;
  readonly widthPx?: number;
  readonly heightPx?: number;
  readonly durationMs?: number;
  readonly bitRate?: number;
};

export type AssetVersion = {
  readonly number: number;
  readonly active: boolean;
  readonly createdAtMs: number;
  readonly file: AssetFile;
};

export type Rendition = AssetFile & { readonly title: string };

/** How far inspection has come. `failed` never blocks the asset: it is then `ready` with a note. */
export type Inspection = {
  readonly state: 'pending' | 'done' | 'failed';
  readonly note?: string;
  /**
   * The version that is looked into, of an asset that was told as ready before. Absent while pending: nobody has been told
   * yet that the asset is ready.
   */
  readonly version?: number;
};

/** That no renditions could be made of the active file, and why. Absent otherwise. */
export type Derivation = { readonly state: 'failed'; readonly note: string };

/**
 * The full present state of an asset: what a change's `before` and `after` hold and what every dialect renders from.
 * It is a plain JSON object; times are unix milliseconds, sizes bytes, dimensions pixels.
 */
export type AssetState = {
  readonly kind: AssetKind;
  readonly name: string;
  /** Folder path, absolute, `/` for the root, no trailing slash otherwise. */
  readonly path: string;
  readonly file?: AssetFile;
  readonly versions: readonly AssetVersion[];
  /** The highest number that a version ever had, where that one was deleted: numbers are never used again. */
  readonly versionsMade?: number;
  readonly renditions: readonly Rendition[];
  readonly info: { readonly [field: string]: JsonValue };
  readonly metadata: { readonly [field: string]: JsonValue };
  readonly embedded: JsonObject;
  readonly tags: readonly string[];
  readonly labels: readonly string[];
  readonly collections: readonly string[];
  readonly archived: boolean;
  readonly checkedOutBy?: string;
  readonly focusPoint?: { readonly x: number; readonly y: number };
  readonly inspection: Inspection;
  readonly derivation?: Derivation;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  readonly createdBy?: string;
  /** Ids of a former DAM that stand in for ours in that dialect's payloads and routes, by dialect id. */
  readonly aliases: { readonly [dialect: string]: string };
  /** The reporting DAM's own version (number or time) of this state; an older one is stale. */
  readonly sourceVersion?: number | string;
};

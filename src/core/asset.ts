import type { JsonObject, JsonValue } from './json.ts';

export const assetKinds = ['image', 'video', 'audio', 'document', 'broadcast', 'other'] as const;
export type AssetKind = (typeof assetKinds)[number];

/** What is found out about the content of a file; which kind of file has which: docs/reference/media.md. */
export type FileFacts = {
  /** As it is shown: turned as its EXIF orientation says. Of a PDF the first page at 72 dpi, in points. */
  readonly widthPx?: number;
  readonly heightPx?: number;
  /** As it is stored, where turning it to be shown changes width and height. */
  readonly storedWidthPx?: number;
  readonly storedHeightPx?: number;
  readonly pages?: number;
  /** Pictures of a moving picture. */
  readonly frames?: number;
  readonly durationMs?: number;
  /** Bits per second, of the file as a whole. */
  readonly bitRate?: number;
  /** Pictures per second, on average. */
  readonly frameRate?: number;
  /** Of every track, in their order, as in a `codecs` parameter (RFC 6381) where there is such a name. */
  readonly codecs?: readonly string[];
  /** Of the first sound track. */
  readonly channels?: number;
  readonly sampleRateHz?: number;
  /** `srgb`, `b-w`, `cmyk`, `lab`, `rgb16`, `grey16`, … */
  readonly colourSpace?: string;
  /** Whether there is a channel for it; not whether a pixel of it is see-through. */
  readonly hasAlpha?: boolean;
};

/** One stored or named file. `blob` is our content address; a pushed state may name a `url` instead of bytes. */
export type AssetFile = FileFacts & {
  readonly name: string;
  readonly bytes: number;
  readonly mimeType: string;
  readonly sha256?: string;
  readonly sha1?: string;
  readonly md5?: string;
  readonly blob?: string;
  readonly url?: string;
  readonly scan?: FileScan;
};

/**
 * What a virus scanner found in the file; absent where there was none. Bytes that are not `clean` are given to nobody.
 * `failed`: nothing could be said, with why in `note`; of an infected file `note` names what was found.
 */
export type FileScan = {
  readonly state: 'pending' | 'clean' | 'infected' | 'failed';
  readonly atMs?: number;
  readonly note?: string;
};

export type AssetVersion = {
  readonly number: number;
  readonly active: boolean;
  readonly createdAtMs: number;
  readonly file: AssetFile;
  /** The older version whose file this one is again. */
  readonly promotedFrom?: number;
  /**
   * Of a further version that nobody was told of as ready: it is still to be looked into, or what it holds is not clean.
   * Absent otherwise; of the version that an asset began with always, see `AssetState.inspection`.
   */
  readonly inspection?: 'pending' | 'withheld';
};

export type Rendition = AssetFile & { readonly title: string };

/**
 * How far inspection has come. `failed` never blocks the asset: it is then `ready` with a note. `withheld`: nobody was told
 * that it is ready, because a virus was found in its file or could not be looked for.
 */
export type Inspection = {
  readonly state: 'pending' | 'done' | 'failed' | 'withheld';
  readonly note?: string;
  /**
   * The version that is looked into, of an asset that was told as ready before. Absent while pending: nobody has been told
   * yet that the asset is ready.
   */
  readonly version?: number;
};

/** That an asset is a stretch of another one, cut out of it: [from, to) in milliseconds of that one's content. */
export type ClipOrigin = { readonly assetId: string; readonly fromMs: number; readonly toMs: number };

/** Not to be given out yet, or not any more. */
export const unavailabilities = ['upcoming', 'expired'] as const;
export type Unavailability = (typeof unavailabilities)[number];

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
  /** The key of the library it is in; absent: the default one. See library.ts. */
  readonly library?: string;
  readonly archived: boolean;
  /** While it is archived: since when, and the id of who did it. */
  readonly archivedAtMs?: number;
  readonly archivedBy?: string;
  /** Its dates: see asset-dates.ts. */
  readonly archiveAtMs?: number;
  /** When the next notice of `archiveAtMs` is due; follows from the workspace's setting. */
  readonly archiveNoticeAtMs?: number;
  readonly publishAtMs?: number;
  readonly expiresAtMs?: number;
  /** Absent: available. Follows from `publishAtMs` and `expiresAtMs`, a moment after them. */
  readonly availability?: Unavailability;
  /** While it is checked out: the id of who holds it, their name where it is known, and since when. */
  readonly checkedOutBy?: string;
  readonly checkedOutByName?: string;
  readonly checkedOutAtMs?: number;
  readonly focusPoint?: { readonly x: number; readonly y: number };
  readonly inspection: Inspection;
  readonly derivation?: Derivation;
  readonly clipOf?: ClipOrigin;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  /** The id of who made it, and their name where it was known then. */
  readonly createdBy?: string;
  readonly createdByName?: string;
  /** What it was copied from, and which version of that. */
  readonly copiedFrom?: { readonly assetId: string; readonly version?: number };
  /** Ids of a former DAM that stand in for ours in that dialect's payloads and routes, by dialect id. */
  readonly aliases: { readonly [dialect: string]: string };
  /** The system that this asset is kept in step with: what a full sync of that source does not name has vanished. */
  readonly source?: string;
  /** The reporting DAM's own version (number or time) of this state; an older one is stale. */
  readonly sourceVersion?: number | string;
};

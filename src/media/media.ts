/**
 * The media contract: what a file is, and small pictures of it. Both are found out in processes apart, bounded in time,
 * memory and pixels, without network and without our secrets; whatever the file does to them, the answer is a value and
 * the server goes on.
 */
import type { AssetKind } from '../core/asset.ts';
import type { JsonObject } from '../core/json.ts';
import type { RenditionSize } from '../core/renditions.ts';

export interface Media {
  start(): Promise<void>;
  /** The type by content, from the first bytes alone; `application/octet-stream` where nothing is recognised. */
  sniff(head: Uint8Array, name: string): Promise<{ readonly mimeType: string; readonly kind: AssetKind }>;
  inspect(path: string, hint: { readonly mimeType: string }): Promise<InspectionResult>;
  /** Whether `derive` can be asked at all about files of this type. */
  derivable(mimeType: string): boolean;
  /** Smaller pictures, one for each size, in the order asked. They hold no metadata of the original (no place, no owner). */
  derive(path: string, order: DerivationOrder): Promise<DerivationResult>;
  stop(): Promise<void>;
}

export type InspectionResult =
  | { readonly kind: 'inspected'; readonly facts: MediaFacts }
  /** The file cannot be read as what it claims to be, or a bound was reached. */
  | Failure;

export type DerivationOrder = { readonly mimeType: string; readonly sizes: readonly RenditionSize[] };

export type DerivationResult = { readonly kind: 'derived'; readonly renditions: readonly DerivedRendition[] } | Failure;

/** A picture that was made: JPEG, or PNG where it is see-through. */
export type DerivedRendition = {
  readonly title: string;
  readonly mimeType: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly content: Uint8Array;
};

export type Failure = { readonly kind: 'failed'; readonly code: MediaFailure; readonly note: string };

export type MediaFailure = 'unreadable' | 'timeout' | 'too_large' | 'crashed' | 'unsupported';

export type MediaFacts = {
  readonly mimeType: string;
  readonly widthPx?: number;
  readonly heightPx?: number;
  readonly durationMs?: number;
  readonly bitRate?: number;
  /** `fields` (ours, one name per thing) beside the packages as the file holds them; see `embedded.ts`. */
  readonly embedded?: JsonObject;
};

/** How much of what a file says of itself is kept: `public` leaves out place, owner and serial numbers. */
export type EmbeddedPolicy = 'all' | 'public' | 'none';

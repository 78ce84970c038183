/**
 * The media contract: what a file is. Inspection runs in a process apart, bounded in time, memory and pixels, without
 * network and without our secrets; whatever the file does to it, the answer is a value and the server goes on.
 */
import type { AssetKind } from '../core/asset.ts';
import type { JsonObject } from '../core/json.ts';

export interface Media {
  start(): Promise<void>;
  /** The type by content, from the first bytes alone; `application/octet-stream` where nothing is recognised. */
  sniff(head: Uint8Array, name: string): Promise<{ readonly mimeType: string; readonly kind: AssetKind }>;
  inspect(path: string, hint: { readonly mimeType: string }): Promise<InspectionResult>;
  stop(): Promise<void>;
}

export type InspectionResult =
  | { readonly kind: 'inspected'; readonly facts: MediaFacts }
  /** The file cannot be read as what it claims to be, or a bound was reached. */
  | { readonly kind: 'failed'; readonly code: InspectionFailure; readonly note: string };

export type InspectionFailure = 'unreadable' | 'timeout' | 'too_large' | 'crashed' | 'unsupported';

export type MediaFacts = {
  readonly mimeType: string;
  readonly widthPx?: number;
  readonly heightPx?: number;
  readonly durationMs?: number;
  readonly bitRate?: number;
  readonly embedded?: JsonObject;
};

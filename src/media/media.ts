/**
 * The media contract: what a file is, small pictures of it, and stretches of a film. All of it is found out in processes
 * apart, bounded in time, memory and pixels, without network and without our secrets; whatever the file does to them, the
 * answer is a value and the server goes on.
 */
import type { Readable } from 'node:stream';
import type { AssetKind, FileFacts } from '../core/asset.ts';
import type { JsonObject } from '../core/json.ts';
import type { RenditionSize } from '../core/renditions.ts';

export interface Media {
  start(): Promise<void>;
  /** The type by content, from the first bytes alone; `application/octet-stream` where nothing is recognised. */
  sniff(head: Uint8Array, name: string): Promise<{ readonly mimeType: string; readonly kind: AssetKind }>;
  inspect(path: string, hint: { readonly mimeType: string }): Promise<InspectionResult>;
  /** Whether `derive` can be asked at all about files of this type; it may still answer that none can be made of it here. */
  derivable(mimeType: string): boolean;
  /** Smaller pictures, one for each size, in the order asked. They hold no metadata of the original (no place, no owner). */
  derive(path: string, order: DerivationOrder): Promise<DerivationResult>;
  /** Whether an XMP packet is looked for in files of this type. */
  xmpReadable(mimeType: string): boolean;
  /** The XMP packet of a file as it stands there, of at most `embeddedPacketBytesMax` bytes. */
  xmp(path: string, hint: { readonly mimeType: string }): Promise<XmpResult>;
  /** Whether clips can be cut out of files of this type, wherever there is something that does it. */
  clippable(mimeType: string): boolean;
  /** A stretch of a film or of sound as a file of its own, without metadata of the original. */
  clip(path: string, order: ClipOrder): Promise<ClipResult>;
  /** Brings bytes that lie on no disk of this machine to where they can be read by path, until `dispose`. */
  borrow(content: Readable): Promise<Borrowed>;
  /** Looks for viruses in files; absent where the operator has set none. */
  readonly scanner?: Scanner;
  /** What works on films here. */
  films(): Promise<FilmTool>;
  /** What became of the work so far, for metrics. */
  counts(): MediaCounts;
  stop(): Promise<void>;
}

export interface Scanner {
  /** Bounded in time; never throws. */
  scan(path: string): Promise<ScanResult>;
}

export type ScanResult =
  | { readonly kind: 'clean' }
  /** `note` names what was found. */
  | { readonly kind: 'infected'; readonly note: string }
  /** Nothing can be said: the scanner could not be started, took too long, or says so. */
  | { readonly kind: 'failed'; readonly note: string };

export type InspectionResult =
  | { readonly kind: 'inspected'; readonly facts: MediaFacts }
  /** The file cannot be read as what it claims to be, or a bound was reached. */
  | Failure;

export type XmpResult =
  | { readonly kind: 'packet'; readonly content: Uint8Array }
  /** The file can be read and has none. */
  | { readonly kind: 'none' }
  | Failure;

export type DerivationOrder = {
  readonly mimeType: string;
  readonly sizes: readonly RenditionSize[];
  /** Of a film: where in it to look for a picture is chosen by it. */
  readonly durationMs?: number;
};

export type DerivationResult = { readonly kind: 'derived'; readonly renditions: readonly DerivedRendition[] } | Failure;

/** A picture that was made: JPEG, or PNG where it is see-through. */
export type DerivedRendition = {
  readonly title: string;
  readonly mimeType: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly content: Uint8Array;
};

/** From included, to not; `to` beyond the end means the end. */
export type ClipOrder = {
  readonly mimeType: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly bytesMax: number;
};

/** With what is known of the file that came of it. */
export type ClipResult = ({ readonly kind: 'clipped'; readonly facts: MediaFacts } & Borrowed) | Failure;

/** A file that is there until `dispose`; whoever has it calls that once. */
export type Borrowed = { readonly path: string; readonly dispose: () => Promise<void> };

/** What films are worked on with: an `ffmpeg` that is there, or why there is none. */
export type FilmTool =
  | { readonly state: 'found'; readonly path: string; readonly version: string }
  | { readonly state: 'absent' | 'off'; readonly note: string };

/** Jobs that ended, by what they were and how they ended; processes started; jobs that wait. */
export type MediaCounts = {
  readonly ended: readonly { readonly job: MediaJob; readonly outcome: MediaOutcome; readonly count: number }[];
  readonly processesStarted: number;
  readonly waiting: number;
  /** How often in a row a process ended under its job. One hostile file does that; many in a row are a broken installation. */
  readonly crashedInARow: number;
};

export type MediaJob = 'inspect' | 'derive' | 'clip' | 'xmp';
export type MediaOutcome = 'done' | MediaFailure;

export type Failure = { readonly kind: 'failed'; readonly code: MediaFailure; readonly note: string };

export type MediaFailure = 'unreadable' | 'timeout' | 'too_large' | 'crashed' | 'unsupported';

export type MediaFacts = FileFacts & {
  readonly mimeType: string;
  /** `fields` (ours, one name per thing) beside the packages as the file holds them; see `embedded.ts`. */
  readonly embedded?: JsonObject;
};

/** How much of what a file says of itself is kept: `public` leaves out place, owner and serial numbers. */
export type EmbeddedPolicy = 'all' | 'public' | 'none';

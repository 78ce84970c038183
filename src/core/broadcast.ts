/**
 * A broadcast: something that was or is live, with what is said of it and, once it has ended, the recording: an asset like
 * any other, with its renditions and versions. States are unix milliseconds, milliseconds, pixels.
 *
 * - `planned`: registered, nobody has been told. Its bytes make it live.
 * - `live`: told as new. Ends when its bytes end or break off, or when somebody says so.
 * - `archived`: it has ended, or was registered as what is over; `recording` is the asset with its file.
 * - `extracting`: a clip that is being cut out of another broadcast. Told once it is there, as `archived`.
 * - `failed`: a clip that could not be cut; `note` says why.
 */
import type { JsonObject } from './json.ts';

export const broadcastTypes = ['planned', 'live', 'archived', 'extracting', 'failed'] as const;
export type BroadcastType = (typeof broadcastTypes)[number];

/** Where it was broadcast from; accuracy in metres, `type` how it was found (`GPS`). */
export type BroadcastPosition = {
  readonly latitude: number;
  readonly longitude: number;
  readonly accuracyMetres?: number;
  readonly type?: string;
};

/** A picture: of an asset (`large` of its renditions, or itself), or one that lies elsewhere. */
export type BroadcastPreview = { readonly assetId: string } | { readonly url: string };

/** How it ended: its bytes did, they broke off, the server did, they were more than the server takes, or somebody said so. */
export const broadcastEnds = ['complete', 'broken_off', 'lost', 'cut', 'told'] as const;
export type BroadcastEnd = (typeof broadcastEnds)[number];

export type BroadcastState = {
  readonly type: BroadcastType;
  readonly title: string;
  readonly author: string;
  readonly tags: readonly string[];
  /** Text of the customer's own, carried as it is. */
  readonly customData: string;
  /** A UUID: through which channel it came in. Absent: the workspace's own. */
  readonly ingestChannel?: string;
  readonly position?: BroadcastPosition;
  /** When it went live, or was registered as what is over. */
  readonly startedAtMs?: number;
  readonly endedAtMs?: number;
  readonly end?: BroadcastEnd;
  /** Live by bytes that arrive here: it ends with them, and by nothing else. */
  readonly streaming?: true;
  readonly durationMs?: number;
  readonly widthPx?: number;
  readonly heightPx?: number;
  /** The asset that holds its file. */
  readonly recording?: string;
  /** Where it is to be seen, where its file lies elsewhere. */
  readonly resourceUrl?: string;
  /** Given by somebody; absent: what is made of the recording. */
  readonly preview?: BroadcastPreview;
  /** A picture was made of the recording. */
  readonly recordingPreview?: true;
  /** Of which broadcast it is a part. */
  readonly clipOf?: { readonly broadcastId: string; readonly fromMs: number; readonly toMs: number };
  /** What came of cutting it out: `finished`, `error`. */
  readonly status?: 'finished' | 'error';
  /** Why there is less than expected. */
  readonly note?: string;
};

/** Rows and snapshots are JSON; a DAM that reports broadcasts may have left out whatever it likes. */
export function broadcastState(state: JsonObject): BroadcastState {
  const known = state as Partial<BroadcastState>;
  return { type: 'archived', title: '', author: '', tags: [], customData: '', ...known };
}

/** What the parent of a measurement and its load generator, receiver and bare peer say to each other (child process messages). */

/** Behind this mark every event carries eight digits: its number. The receiver finds it in whatever body it gets. */
export const eventMark = 'awbench';
export const eventDigits = 8;
export const laneDigits = 5;

export type LoadOrder = {
  readonly kind: 'load';
  readonly port: number;
  /** Connections are dealt out to these in turn, too. */
  readonly morePorts?: readonly number[];
  readonly template: RequestTemplate;
  readonly connections: number;
  readonly events: number;
  /** Number of the first event. */
  readonly firstEvent: number;
  /** Events are dealt out to lanes in turn. */
  readonly lanes: number;
  /** Absent: as fast as answers come. */
  readonly eventsPerSecond?: number;
};

/** A request in Latin-1 in which some digits are written anew for every event. */
export type RequestTemplate = {
  readonly text: string;
  readonly fields: readonly TemplateField[];
};

/** The lowest `digits` digits of the event's or lane's number, after division by `divide`. */
export type TemplateField = {
  readonly of: 'event' | 'lane';
  readonly offset: number;
  readonly digits: number;
  readonly divide: number;
};

export type LoadResult = {
  readonly kind: 'loaded';
  readonly accepted: number;
  /** Answers that were no 2xx, by status. */
  readonly refused: Readonly<Record<string, number>>;
  /** By event number less `firstEvent`: monotonic milliseconds; 0 where there was none. */
  readonly dueAtMs: Float64Array;
  readonly ackAtMs: Float64Array;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
};

export type UploaderOrder = {
  readonly kind: 'upload';
  readonly port: number;
  readonly key: string;
  readonly workspace: string;
  /** JPEG files, taken in turn; each upload gets a comment of its own. */
  readonly paths: readonly string[];
  readonly count: number;
  /** How many at a time. */
  readonly inFlight: number;
  /** Absent: as soon as answers come. */
  readonly perSecond?: number;
};

/** Files of these sizes in turn, synced, until `stop`. */
export type DiskOrder = {
  readonly kind: 'write';
  /** Made, and removed in the end. */
  readonly directory: string;
  readonly bytes: readonly number[];
  readonly perSecond: number;
  readonly inFlight: number;
};

export type UploaderResult = {
  readonly kind: 'uploaded';
  /** Of each upload, from before its first byte to the end of its answer. */
  readonly acceptMs: Float64Array;
  readonly tookMs: number;
  readonly bytes: number;
};

export type ReceiverOrder =
  /** Forget what was counted; expect numbers from `firstEvent` on. */
  | { readonly kind: 'reset'; readonly firstEvent: number; readonly events: number; readonly hangingLanes: number }
  /** Answer once `events` distinct events have come, or when `withinMs` have passed. */
  | { readonly kind: 'await'; readonly events: number; readonly withinMs: number };

export type ReceiverReady = { readonly kind: 'listening'; readonly port: number };
export type ReceiverResult = {
  readonly kind: 'received';
  readonly distinct: number;
  readonly requests: number;
  /** By event number less `firstEvent`: when the first byte of its request came. */
  readonly firstByteAtMs: Float64Array;
  readonly lastAtMs: number;
};

/** Monotonic milliseconds that mean the same in every process of this machine. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

import type { TransportKind } from '../core/webhook.ts';
import type { WorkspaceId } from '../core/ids.ts';
import type { Links } from '../dialects/contract/message.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Clock } from '../runtime/clock.ts';
import type { LoopLoad } from '../runtime/loop-load.ts';
import type { Random } from '../runtime/random.ts';
import type { Turn } from '../runtime/turn.ts';
import type { Storage } from '../storage/storage.ts';
import type { Transport } from '../transports/transport.ts';
import type { DutyHandlers, EngineEvent, Ownership, WebhookCare } from './engine.ts';
import type { FlightLog } from './flight-log.ts';
import type { Signer } from './signer.ts';

/** The part of the storage contract that the engine uses. */
export type EngineStorage = Pick<
  Storage,
  'commit' | 'record' | 'resources' | 'webhooksRevision' | 'lanes' | 'pending' | 'storedBody' | 'duties'
> & { readonly read: Pick<Storage['read'], 'delivery'> };

/** What the engine says: machine-readable fields, then a sentence. A pino logger fits. */
export type EngineLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** Everything the engine is made of; compose hands it in. */
export type EngineDeps = {
  readonly storage: EngineStorage;
  readonly dialects: ReadonlyMap<string, Dialect>;
  readonly transports: ReadonlyMap<TransportKind, Transport>;
  readonly care: WebhookCare;
  readonly dutyHandlers: DutyHandlers;
  readonly ownership: Ownership;
  readonly flights: FlightLog;
  readonly signer: Signer;
  readonly links: (workspaceId: WorkspaceId, dialect: string) => Links;
  readonly clock: Clock;
  readonly random: Random;
  /** Runs something once at the end of the present turn of the loop, so that what one turn brings shares one write. */
  readonly endOfTurn: Turn;
  readonly log: EngineLog;
  readonly onEvent?: (event: EngineEvent) => void;
  readonly options?: Partial<EngineOptions>;
};

/** Caps and intervals of one engine; each is a bound on memory, sockets or the length of a turn. */
export type EngineOptions = {
  /** Attempts between their start and their recorded end. */
  readonly inFlightMax: number;
  /** Of these, what lanes in failure may hold together. */
  readonly inFlightOfFailingMax: number;
  /** Attempts that wait for a signature of another thread; what is more waits in its lane and holds no room. */
  readonly signaturesMax: number;
  /** Attempts started in one turn of the loop; the rest follows in the next, so that answers are read in between. */
  readonly startsPerTurnMax: number;
  /** The same in time: what a start costs differs by what is signed, and whether a connection is opened. */
  readonly turnMsMax: number;
  /** Deliveries of one lane waiting in memory; more stay in the store. */
  readonly laneWaitingMax: number;
  /** Deliveries of all lanes waiting in memory, and their rough size. */
  readonly waitingMax: number;
  readonly waitingBytesMax: number;
  /** Rows of one read of a lane's backlog. */
  readonly pageMax: number;
  /** Results waiting to be recorded, in bytes; above it nothing new is started. */
  readonly unrecordedBytesMax: number;
  /** The safety net that finds what no call told us of: while something is in flight, and while nothing is. */
  readonly pollActiveMs: number;
  readonly pollIdleMs: number;
  /** Workspaces whose counter of webhook writes is looked at with each of these. */
  readonly workspacesPerTick: number;
  /** How long `stop` waits for attempts in flight before it interrupts them. */
  readonly stopDeadlineMs: number;
  /** How long `stop` then waits for their results to be stored. */
  readonly stopRecordMs: number;
  readonly dutiesMax: number;
  /** A delivery found in flight at this many crashes is not tried again. */
  readonly crashesMax: number;
  /** A lease must outlive an attempt's deadline by this much. */
  readonly leaseSafetyMs: number;
  /**
   * And no more of a deadline than this: leases are good for 30 s and renewed every 10, so none outlives a deadline of half a
   * minute. An attempt that may take longer is cut off where its lease ends unrenewed.
   */
  readonly leaseCoverMaxMs: number;
  readonly userAgent: string;
  /** Turns a workspace gets in a row, 1 by default. */
  readonly weightOf: (workspaceId: WorkspaceId) => number;
  /** How busy the loop is that this runs on; null: nobody steps back for others. */
  readonly loopLoad: LoopLoad | null;
  /** Other processes commit what this one delivers; it is not offered to this one. */
  readonly othersCommit: boolean;
};

export const engineDefaults: EngineOptions = {
  inFlightMax: 4_096,
  inFlightOfFailingMax: 2_048,
  signaturesMax: 64,
  startsPerTurnMax: 128,
  turnMsMax: 2,
  laneWaitingMax: 256,
  waitingMax: 65_536,
  waitingBytesMax: 128 * 1024 * 1024,
  pageMax: 128,
  unrecordedBytesMax: 64 * 1024 * 1024,
  pollActiveMs: 250,
  pollIdleMs: 2_000,
  workspacesPerTick: 16,
  stopDeadlineMs: 25_000,
  stopRecordMs: 5_000,
  dutiesMax: 8,
  crashesMax: 3,
  leaseSafetyMs: 2_000,
  leaseCoverMaxMs: 15_000,
  userAgent: 'Assetwire/0.1.0',
  weightOf: () => 1,
  loopLoad: null,
  othersCommit: false,
};

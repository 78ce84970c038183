/**
 * What is in the air. One entry per attempt in flight, written before the first byte leaves and taken out after its
 * result is recorded. After a crash it names exactly the attempts whose outcome nobody knows. It is a hint beside the
 * store, never a truth of its own: an entry whose attempt turns out to be recorded is dropped without a word.
 *
 * It also remembers suspects: deliveries that were in flight at a crash and have not had a known outcome since. One that
 * is found at a third crash may well be what crashes us, and is not tried again.
 */
import type { DeliveryId, WebhookId, WorkspaceId } from '../core/ids.ts';

/** An attempt in flight, with all that its record needs should nobody live to see its end. */
export type Flight = {
  readonly deliveryId: DeliveryId;
  readonly webhookId: WebhookId;
  readonly workspaceId: WorkspaceId;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  readonly startedAtMs: number;
  /** When the delivery was made. */
  readonly createdAtMs: number;
  /** The revision whose target was used. */
  readonly webhookRevision: number;
  readonly bodyBytes: number;
  /** Lower-case hex. */
  readonly bodySha256: string;
};

/** An attempt that a crash cut off; `crashes` counts this one. */
export type CrashedFlight = Flight & { readonly crashes: number };

export interface FlightLog {
  /** Opens the log and names what was left in flight; named again at every start until `end` says it is recorded. */
  open(): Promise<readonly CrashedFlight[]>;
  /** Written, in one piece, before it returns. */
  begin(flights: readonly Flight[]): void;
  /**
   * The attempt's result is stored. `known`: something was learnt of it, so the delivery is no suspect. May reach the
   * file later than the next `begin` or `flush`: an entry too many does no harm.
   */
  end(deliveryId: DeliveryId, known: boolean): void;
  flush(): void;
  close(): void;
}

/** `owed`: cut off by a crash and not yet recorded as such. */
type Entry = { flight: Flight; crashes: number; state: 'flying' | 'owed' | 'suspect' };

/** What a memory log keeps; handed to the next log to play a restart. */
export type FlightMemory = { readonly entries: Map<DeliveryId, Entry> };

export function createFlightMemory(): FlightMemory {
  return { entries: new Map() };
}

/** Suspects beyond this are forgotten, oldest first. */
const suspectsMax = 4_096;

/** A log without a file: for the simulation and for engines that may forget. */
export function createMemoryFlightLog(memory: FlightMemory = createFlightMemory()): FlightLog {
  const { entries } = memory;
  return {
    async open() {
      const crashed: CrashedFlight[] = [];
      for (const entry of entries.values()) {
        if (entry.state === 'suspect') continue;
        // Found a second time before it could be recorded: the same crash, not another one.
        if (entry.state === 'flying') entry.crashes += 1;
        entry.state = 'owed';
        crashed.push({ ...entry.flight, crashes: entry.crashes });
      }
      return crashed;
    },
    begin(flights) {
      for (const flight of flights) {
        const crashes = entries.get(flight.deliveryId)?.crashes ?? 0;
        entries.set(flight.deliveryId, { flight, crashes, state: 'flying' });
      }
    },
    end(deliveryId, known) {
      const entry = entries.get(deliveryId);
      if (entry === undefined) return;
      if (known || entry.crashes === 0) {
        entries.delete(deliveryId);
        return;
      }
      entry.state = 'suspect';
      if (entries.size > suspectsMax) dropOldestSuspect(entries);
    },
    flush() {
      // Nothing is behind this log.
    },
    close() {
      // Nothing is open.
    },
  };
}

function dropOldestSuspect(entries: Map<DeliveryId, Entry>): void {
  for (const [id, entry] of entries) {
    if (entry.state !== 'suspect') continue;
    entries.delete(id);
    return;
  }
}

/**
 * The two ledgers of a run, kept outside the system: what the client was promised, and what receivers saw. The invariants
 * are checked against these, never against the engine's own word alone.
 */
import type { DeliveryId, WebhookId, WorkspaceId } from '../../src/core/ids.ts';
import type { RecordItem } from '../../src/storage/contract/record-item.ts';

/** A request that reached a receiver. */
export type Arrival = {
  readonly deliveryId: DeliveryId;
  readonly webhookId: WebhookId;
  readonly messageId: string;
  readonly attempt: number;
  readonly atMs: number;
  readonly bodySha256: string;
  readonly verified: boolean;
  /** Whether the answer came back as it was given. */
  answered: boolean;
  readonly status: number;
};

export type Promised = {
  readonly id: DeliveryId;
  readonly workspaceId: WorkspaceId;
  readonly webhookId: WebhookId;
  readonly subject: string;
  /** Processes that had ended when it was made. */
  readonly crashesBefore: number;
  /** The wall clock had jumped since the process began: what the delivery says of its age is off by that much. */
  readonly bornAskew: boolean;
  /** `lost`: the commit failed before it had an effect, so nothing of it may ever be seen. */
  fate: 'acked' | 'unknown' | 'lost';
};

export type End = {
  readonly atMs: number;
  readonly state: string;
  readonly reason: string;
  /** Processes that had ended by then. */
  readonly crashesBefore: number;
};

export type Ledger = {
  readonly promised: Map<DeliveryId, Promised>;
  readonly arrivals: Arrival[];
  /** When the store took a delivery's end, and which one. */
  readonly ended: Map<DeliveryId, End>;
  /** Every record the store took. */
  readonly recorded: Map<DeliveryId, RecordItem[]>;
  /** Deliveries by lane in the order the store took them. */
  readonly order: Map<WebhookId, DeliveryId[]>;
  readonly violations: string[];
  readonly struck: {
    inFlight: number;
    crashes: number;
    storeErrors: number;
    receiverFaults: number;
    jumps: number;
    stops: number;
  };
  /** Processes that have ended. */
  processesEnded(): number;
  violate(invariant: string, what: string): void;
};

export function createLedger(): Ledger {
  const violations: string[] = [];
  const struck = { inFlight: 0, crashes: 0, storeErrors: 0, receiverFaults: 0, jumps: 0, stops: 0 };
  return {
    promised: new Map(),
    arrivals: [],
    ended: new Map(),
    recorded: new Map(),
    order: new Map(),
    violations,
    struck,
    processesEnded: () => struck.crashes + struck.stops,
    violate(invariant, what) {
      if (violations.length < 50) violations.push(`${invariant}: ${what}`);
    },
  };
}

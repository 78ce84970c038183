/** Many processes on one store: heartbeats, leases of shards, messages. */
import type { ClusterView, Member, SeenLease } from '../../core/cluster.ts';

/** How processes that share a store know of each other. Every call may reject where the store does not answer. */
export interface ClusterStore {
  /**
   * One heartbeat, in one transaction and one after another: writes the member's row with its next beat, takes over what a
   * former member of the same node held (epochs grow), gives and takes leases, removes rows of members long gone. What
   * is no longer as it was seen is not taken. Answers how things are then.
   */
  beat(beat: MemberBeat): Promise<ClusterView>;
  /** Gives up every lease of the member and removes its row. */
  leave(memberId: string): Promise<void>;
  /** As things are; nothing is written. For `doctor` and start-up checks. */
  view(): Promise<ClusterView>;
  /** What the server beneath may run out of; nothing is written. */
  strain(): Promise<ServerStrain>;
  /** A message of at most `messageBytesMax` to all other processes. It may be lost on the way. */
  tell(message: string): Promise<void>;
  /** Hears what others tell, not what this store told itself. Answers how to stop. */
  listen(ears: ClusterEars): () => void;
}

/** What a database server may run out of without any query showing it. */
export type ServerStrain = {
  /** Of the transaction ids there are, so many are in use (0 to 1): at 1 the server takes no writes. */
  readonly transactionIdsShare: number;
  /** The replication slot that holds back the most of the server's log; null where there is none. */
  readonly walKeptBy: string | null;
  /** How much it holds back on the server's disk. */
  readonly walKeptBytes: number;
  /** What the log comes to where nobody holds it back (`max_wal_size`). */
  readonly walUsualBytes: number;
};

export type ClusterEars = {
  message(text: string): void;
  /** The connection was made anew: something may have been missed. */
  gap(): void;
};

/** Bytes of one message, as PostgreSQL bounds them, with room for the sender's name. */
export const messageBytesMax = 7_900;

export type MemberBeat = Pick<Member, 'id' | 'node' | 'role' | 'version' | 'blobs' | 'leaving'> & {
  /** How long this heartbeat is good for by the database's clock. */
  readonly leaseMs: number;
  readonly acquire: readonly SeenLease[];
  /** Given up; the epoch stays until somebody takes it. */
  readonly release: readonly number[];
};

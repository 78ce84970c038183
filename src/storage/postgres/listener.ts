/**
 * Hears what other processes tell by NOTIFY, over a connection of its own that is made with the first ear and made anew
 * when it is lost. A connection that is silently dead shows by its pulse: a question now and then that must be answered.
 */
import type { Clock, Timer } from '../../runtime/clock.ts';
import type { ClusterEars } from '../contract/cluster-store.ts';
import { type Connecting, type Connection, connect } from './connection.ts';
import { original, storable } from './parameters.ts';

export type Listener = {
  /** The channel's name. */
  readonly channel: string;
  /** A message with the sender's name before it, so that its own listener leaves it out. */
  sign(message: string): string;
  /** Answers how to stop. */
  listen(ears: ClusterEars): () => void;
  close(): void;
};

export type ListenerParts = {
  readonly connecting: Connecting;
  readonly channel: string;
  /** This process among the others; a few characters without a colon. */
  readonly self: string;
  readonly pacing: Clock;
};

const pulseEveryMs = 10_000;
const pulseAnswerMs = 5_000;
const pausesMs = [100, 500, 2_000, 5_000] as const;

export function createListener({ connecting, channel, self, pacing }: ListenerParts): Listener {
  const ears = new Set<ClusterEars>();
  let connection: Connection | null = null;
  let connectingNow = false;
  let failures = 0;
  let timer: Timer | null = null;
  let closed = false;
  let pulse: Timed | null = null;

  const wanted = (): boolean => !closed && ears.size > 0;
  const again = (): void => {
    if (!wanted()) return;
    const waitMs = pausesMs[Math.min(failures, pausesMs.length - 1)] ?? 5_000;
    failures += 1;
    timer = pacing.timer(waitMs, open);
  };
  const hear = (payload: string): void => {
    const at = payload.indexOf(':');
    if (payload.slice(0, at) === self) return;
    const text = original(payload.slice(at + 1));
    for (const ear of ears) ear.message(text);
  };
  const open = (): void => {
    if (!wanted() || connectingNow || connection !== null) return;
    connectingNow = true;
    const done = (): void => void (connectingNow = false);
    void openOne().catch(again).finally(done);
  };
  const openOne = async (): Promise<void> => {
    const made = await connect(connecting);
    made.onNotification(({ payload }) => hear(payload ?? ''));
    await made.run([{ sql: `LISTEN ${channel}` }], pulseAnswerMs);
    if (!wanted()) {
      made.close();
      return;
    }
    connection = made;
    failures = 0;
    made.onEnd(() => {
      connection = null;
      pulse?.cancel();
      again();
    });
    pulse = keepAlive(made, pacing);
    // From here on everything is heard; what was told before may have been missed.
    for (const ear of ears) ear.gap();
  };
  const hush = (): void => {
    timer?.cancel();
    pulse?.cancel();
    connection?.close();
    connection = null;
  };
  return {
    channel,
    sign: (message) => `${self}:${storable(message)}`,
    listen(ear) {
      ears.add(ear);
      open();
      return () => {
        ears.delete(ear);
        if (ears.size === 0) hush();
      };
    },
    close() {
      closed = true;
      hush();
    },
  };
}

type Timed = { cancel(): void };

/** A question now and then; one that is not answered closes the connection, and its end makes another. */
function keepAlive(connection: Connection, pacing: Clock): Timed {
  let timer: Timer | null = null;
  const next = (): void => {
    timer = pacing.timer(pulseEveryMs, () => {
      connection.run([{ sql: 'SELECT 1' }], pulseAnswerMs).then(next, () => undefined);
    });
  };
  next();
  return { cancel: () => timer?.cancel() };
}

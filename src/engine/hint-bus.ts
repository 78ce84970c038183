/**
 * Brings hints to other processes and theirs to us. What one turn brings shares messages; while one message is on its way
 * the next one fills, so a busy store sends few and an idle one sends at once. Nothing here is waited for.
 */
import { type Hint, hintName } from '../core/hint.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Turn } from '../runtime/turn.ts';
import { type ClusterStore, messageBytesMax } from '../storage/contract/cluster-store.ts';
import type { EngineLog } from './engine-deps.ts';

export type HintBus = {
  tell(hint: Hint): void;
  /** `gap` is called when something may have been missed. Answers how to stop. */
  hear(onHint: (hint: Hint) => void, onGap?: () => void): () => void;
  start(): void;
  stop(): void;
  stats(): { readonly told: number; readonly heard: number; readonly dropped: number };
};

export type HintBusParts = {
  readonly cluster: Pick<ClusterStore, 'tell' | 'listen'>;
  readonly clock: Pick<Clock, 'monotonicMs' | 'timer'>;
  readonly endOfTurn: Turn;
  readonly log: EngineLog;
};

/** Messages of one process begin at least this far apart; each is a transaction of its own. */
const gapMs = 4;
/** Hints that wait for their message; more are dropped, and found by whoever looks. */
const waitingMax = 4_096;
/** The brackets around the hints of a message, and the comma behind each. */
const bracketBytes = 2;
const commaBytes = 1;

export function createHintBus({ cluster, clock, endOfTurn, log }: HintBusParts): HintBus {
  const ears = new Set<{ readonly onHint: (hint: Hint) => void; readonly onGap: () => void }>();
  let waiting = new Map<string, string>();
  let unnamed = 0;
  let sending = false;
  let scheduled = false;
  let failing = false;
  let lastSentMs = Number.NEGATIVE_INFINITY;
  let stopped = false;
  let stopListening: (() => void) | null = null;
  const counts = { told: 0, heard: 0, dropped: 0 };

  const flush = async (): Promise<void> => {
    scheduled = false;
    if (sending || stopped || waiting.size === 0) return;
    sending = true;
    lastSentMs = clock.monotonicMs();
    const message = takeMessage();
    try {
      await cluster.tell(message);
      failing = false;
    } catch (error) {
      if (!failing) log.warn({ err: error }, 'Other processes could not be told: they find it by themselves');
      failing = true;
    } finally {
      sending = false;
      if (waiting.size > 0) schedule();
    }
  };

  const schedule = (): void => {
    if (scheduled || sending) return;
    scheduled = true;
    const waitMs = lastSentMs + gapMs - clock.monotonicMs();
    if (waitMs > 0) clock.timer(waitMs, () => void flush());
    else endOfTurn(() => void flush());
  };

  /** As many as one message takes. */
  const takeMessage = (): string => {
    const texts: string[] = [];
    let bytes = bracketBytes;
    for (const [name, text] of waiting) {
      const size = Buffer.byteLength(text) + commaBytes;
      if (bytes + size > messageBytesMax) break;
      texts.push(text);
      bytes += size;
      waiting.delete(name);
    }
    if (waiting.size === 0) waiting = new Map();
    return `[${texts.join(',')}]`;
  };

  const hearMessage = (message: string): void => {
    let hints: unknown;
    try {
      hints = JSON.parse(message);
    } catch (error) {
      log.warn({ err: error }, 'A message from another process could not be read');
      return;
    }
    if (!Array.isArray(hints)) return;
    for (const hint of hints) {
      if (!isHint(hint)) continue;
      counts.heard += 1;
      for (const { onHint } of ears) onHint(hint);
    }
  };

  return {
    tell(hint) {
      const text = JSON.stringify(hint);
      const fits = bracketBytes + Buffer.byteLength(text) + commaBytes <= messageBytesMax;
      if (waiting.size >= waitingMax || !fits) {
        counts.dropped += 1;
        return;
      }
      counts.told += 1;
      unnamed += 1;
      waiting.set(hintName(hint) ?? `#${unnamed}`, text);
      schedule();
    },
    hear(onHint, onGap = () => undefined) {
      const ear = { onHint, onGap };
      ears.add(ear);
      return () => void ears.delete(ear);
    },
    start() {
      stopListening ??= cluster.listen({
        message: hearMessage,
        gap: () => {
          for (const { onGap } of ears) onGap();
        },
      });
    },
    stop() {
      stopped = true;
      stopListening?.();
      stopListening = null;
    },
    stats: () => ({ ...counts }),
  };
}

/** Processes of other versions may say what we do not know. */
function isHint(value: unknown): value is Hint {
  return typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';
}

/**
 * The two ledgers of a fault run and the sets that come out of them. The client's says of every event how its publish
 * ended; the receiver's holds every request that arrived. The judgement is pure, so that it can be tested with ledgers
 * that are wrong.
 */

/** `ok`: a 2xx came. `refused`: another answer came. `unknown`: none came (the server died under the request). */
export type PublishResult = 'ok' | 'refused' | 'unknown';

export type Published = { readonly event: number; readonly result: PublishResult };

export type Arrived = {
  readonly event: number;
  /** The webhook it was for; every event goes to all of them. */
  readonly lane: string;
  /** The message id the receiver saw. */
  readonly messageId: string;
  readonly bodySha256: string;
};

/** A delivery as the product's own log shows it. */
export type Logged = { readonly messageId: string; readonly attempts: number; readonly interrupted: number };

export type Sets = {
  /** Accepted and never arrived. */
  readonly lost: readonly number[];
  /** Arrived, but never sent or refused. */
  readonly phantom: readonly number[];
  /** Arrived more than once with the same id and bytes: what at-least-once allows at a kill. */
  readonly duplicated: readonly number[];
  /** Events whose publish nobody answered. */
  readonly unknown: { readonly arrived: readonly number[]; readonly absent: readonly number[] };
  /** One event under several message ids in one lane: it was accepted twice. Never allowed. */
  readonly doubled: readonly number[];
  /** Arrived in some lanes and not in others. Never allowed, whatever the publish came to: an event is whole or not there. */
  readonly partial: readonly number[];
  /** One message with several bodies. Never allowed. */
  readonly altered: readonly string[];
  /** Messages that arrived more often than their interrupted attempts explain. Never allowed. */
  readonly unexplained: readonly string[];
  /** Arrivals beyond the first of each message. */
  readonly extraArrivals: number;
};

function groupBy<Item, Key>(items: readonly Item[], key: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

function lanesOf(arrived: readonly Arrived[]): number {
  return new Set(arrived.map(({ lane }) => lane)).size;
}

function messagesOf(arrived: readonly Arrived[]): number {
  return new Set(arrived.map(({ messageId }) => messageId)).size;
}

export type Allowances = {
  readonly failedAnswers?: ReadonlyMap<string, number>;
  readonly visiblyDead?: readonly Ended[];
};

/** What the product says of a delivery that ended without having arrived. */
export type Ended = { readonly event: number; readonly reason: string };

/**
 * Compares the ledgers. `visiblyDead` are events of which the product says that a delivery ended dead: those may be missing
 * in a lane. `logged` holds what the product says of messages that arrived more than once; a message that is
 * missing from it counts as unexplained. `failedAnswers` are arrivals that were answered with an error on purpose, by
 * message id: those are repeated by right.
 */
export function judgeLedgers(
  published: readonly Published[],
  arrived: readonly Arrived[],
  logged: readonly Logged[],
  { failedAnswers = new Map(), visiblyDead = [] }: Allowances = {},
): Sets {
  const lanes = lanesOf(arrived);
  const dead = new Set(visiblyDead.map(({ event }) => event));
  const byEvent = groupBy(arrived, ({ event }) => event);
  const byMessage = groupBy(arrived, ({ messageId }) => messageId);
  const results = new Map(published.map(({ event, result }) => [event, result]));
  const logs = new Map(logged.map((entry) => [entry.messageId, entry]));
  const withResult = (result: PublishResult): readonly number[] =>
    published.filter((entry) => entry.result === result).map(({ event }) => event);

  const extra = [...byMessage].map(([messageId, arrivals]) => ({
    messageId,
    event: arrivals[0]?.event ?? -1,
    count: arrivals.length - 1 - (failedAnswers.get(messageId) ?? 0),
  }));
  const repeated = extra.filter(({ count }) => count > 0);
  return {
    lost: withResult('ok').filter((event) => !byEvent.has(event) && !dead.has(event)),
    phantom: [...byEvent.keys()].filter((event) => {
      const result = results.get(event);
      return result === undefined || result === 'refused';
    }),
    duplicated: repeated.map(({ event }) => event),
    unknown: {
      arrived: withResult('unknown').filter((event) => byEvent.has(event)),
      absent: withResult('unknown').filter((event) => !byEvent.has(event)),
    },
    doubled: [...byEvent].filter(([, all]) => messagesOf(all) > lanesOf(all)).map(([event]) => event),
    partial: [...byEvent]
      .filter(([, all]) => lanesOf(all) < lanes)
      .map(([event]) => event)
      .filter((event) => !dead.has(event)),
    altered: [...byMessage]
      .filter(([, all]) => new Set(all.map(({ bodySha256 }) => bodySha256)).size > 1)
      .map(([messageId]) => messageId),
    unexplained: repeated
      .filter(({ messageId, count }) => count > (logs.get(messageId)?.interrupted ?? 0))
      .map(({ messageId }) => messageId),
    extraArrivals: repeated.reduce((sum, { count }) => sum + count, 0),
  };
}

/** What is wrong with the sets, in words; empty where every promise was kept. */
export function complaints(sets: Sets): readonly string[] {
  const wrong: readonly (readonly [what: string, items: readonly (number | string)[]])[] = [
    ['accepted and lost', sets.lost],
    ['arrived without having been accepted', sets.phantom],
    ['accepted twice', sets.doubled],
    ['sent to some webhooks and not to others', sets.partial],
    ['sent with different bytes', sets.altered],
    ['sent again without an interrupted attempt', sets.unexplained],
  ];
  return wrong
    .filter(([, items]) => items.length > 0)
    .map(([what, items]) => `${items.length} ${what}: ${items.slice(0, 10).join(', ')}`);
}

import type { ChangeKind } from './change.ts';

/** Which events of a dialect each change kind may become: every kind is answered, with names or with a reason. */
export type EventTable = {
  readonly [Kind in ChangeKind]: readonly string[] | NotSupported;
};

/** The dialect has no event for this change kind, and why. */
export type NotSupported = { readonly notSupported: string };

/** Says why a dialect has no event for a change kind. */
export function notSupported(reason: string): NotSupported {
  return { notSupported: reason };
}

/** The events a change kind may become in this table; none where it is not supported. */
export function eventsOf(table: EventTable, kind: ChangeKind): readonly string[] {
  const row = table[kind];
  return 'notSupported' in row ? [] : row;
}

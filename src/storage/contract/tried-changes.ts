/** Past changes held against what a webhook would ask for. */
import type { Change, ChangeKind } from '../../core/change.ts';
import type { FilterMiss } from '../../core/filter-explanation.ts';
import type { Filter } from '../../core/filter.ts';
import type { ChangeId } from '../../core/ids.ts';
import type { ChangeQuery, Page } from './list-queries.ts';

/** Which changes are tried (as in `ChangeQuery`), and against what. */
export type TryQuery = Omit<ChangeQuery, 'order'> & {
  readonly ids?: readonly ChangeId[];
  /** The kinds that the events asked for stand for. */
  readonly wanted: readonly ChangeKind[];
  readonly filter?: Filter;
  /** Which of them are answered. Default all. */
  readonly keep?: 'all' | 'matched' | 'unmatched';
  /** A page ends when so many were looked at, whatever was found. */
  readonly examinedMax: number;
};

export type TriedChange = {
  readonly id: ChangeId;
  readonly kind: ChangeKind;
  readonly subject: string;
  readonly acceptedAtMs: number;
  /** Null where it matches; then `change` is there. */
  readonly miss: { readonly because: 'kind' | 'damaged' } | ({ readonly because: 'filter' } & FilterMiss) | null;
  readonly change?: Change;
};

export type TriedPage = Page<TriedChange> & {
  /** How many were looked at on this page, and how many of them match. */
  readonly examined: number;
  readonly matched: number;
};

/** Whether a stored change would have been sent, and if not, why: the same wherever it is stored. */
import type { ChangeKind } from '../core/change.ts';
import { compileFilter } from '../core/filter-evaluation.ts';
import { explainFilter } from '../core/filter-explanation.ts';
import { readableChange } from './change-body.ts';
import type { TriedChange, TryQuery } from './contract/tried-changes.ts';
/** What comes of a change of a kind, by its stored body. */
export type Judge = (kind: ChangeKind, body: string) => Pick<TriedChange, 'miss' | 'change'>;

export function createJudge({ wanted, filter }: TryQuery): Judge {
  const kinds = new Set(wanted);
  const holds = filter === undefined ? null : compileFilter(filter);
  return (kind, body) => {
    if (!kinds.has(kind)) return { miss: { because: 'kind' } };
    const change = readableChange(body);
    if (change === null) return { miss: { because: 'damaged' } };
    if (holds === null || filter === undefined || holds(change)) return { miss: null, change };
    const miss = explainFilter(filter, change);
    return miss === null ? { miss: null, change } : { miss: { because: 'filter', ...miss } };
  };
}

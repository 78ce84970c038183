/** Which assets a list shows. Pure; asked for each asset that a page looks at. */
import type { AssetKind, Unavailability } from './asset.ts';
import { liesIn } from './folder-path.ts';
import { isList, ownValue } from './json-equality.ts';
import type { JsonObject } from './json.ts';

/** Every part that is given must hold. Folders are in their one spelling: see folder-path.ts. */
export type AssetFilter = {
  readonly kind?: AssetKind;
  /** This folder and those below it; only itself where `exact`. */
  readonly folder?: string;
  readonly exact?: boolean;
  readonly tag?: string;
  readonly label?: string;
  readonly collection?: string;
  readonly archived?: boolean;
  /** Somebody holds it, or nobody does. */
  readonly checkedOut?: boolean;
  readonly availability?: 'available' | Unavailability;
  /** Part of the name, whatever its case. */
  readonly nameContains?: string;
};

/** The filter as a predicate; null where it lets everything pass. */
export function compileAssetFilter(filter: AssetFilter): ((state: JsonObject) => boolean) | null {
  const tests: ((state: JsonObject) => boolean)[] = [];
  const { kind, folder, exact = false, archived, nameContains } = filter;
  if (kind !== undefined) tests.push((state) => ownValue(state, 'kind') === kind);
  if (archived !== undefined) tests.push((state) => (ownValue(state, 'archived') === true) === archived);
  if (filter.checkedOut !== undefined) {
    const { checkedOut } = filter;
    tests.push((state) => (typeof ownValue(state, 'checkedOutBy') === 'string') === checkedOut);
  }
  if (filter.availability !== undefined) {
    const wanted = filter.availability === 'available' ? undefined : filter.availability;
    tests.push((state) => ownValue(state, 'availability') === wanted);
  }
  if (folder !== undefined) {
    tests.push((state) => {
      const path = ownValue(state, 'path');
      return typeof path === 'string' && (exact ? path === folder : liesIn(path, folder));
    });
  }
  for (const [field, wanted] of [
    ['tags', filter.tag],
    ['labels', filter.label],
    ['collections', filter.collection],
  ] as const) {
    if (wanted === undefined) continue;
    tests.push((state) => {
      const list = ownValue(state, field);
      return isList(list) && list.includes(wanted);
    });
  }
  if (nameContains !== undefined) {
    const part = folded(nameContains);
    tests.push((state) => {
      const name = ownValue(state, 'name');
      return typeof name === 'string' && folded(name).includes(part);
    });
  }
  return tests.length === 0 ? null : (state) => tests.every((test) => test(state));
}

/** Letters as people compare them: whatever their case, accents composed. */
function folded(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

/** Why a filter does not hold for a change: the first condition that decides it, and what was found there. */
import { parsePath, valueAt } from './field-path.ts';
import { compileFilter, type FilterSubject, present } from './filter-evaluation.ts';
import type { FieldCondition, Filter } from './filter.ts';
import type { JsonObject, JsonValue } from './json.ts';

export type FilterMiss = {
  /** Place of the condition in the filter, as `filter.all.1`. */
  readonly at: string;
  /** What would have had to hold, in words. */
  readonly wanted: string;
  /** What was there instead, as JSON cut to 200 characters. */
  readonly found: string;
};

const foundCharactersMax = 200;

/** Null where the filter holds. Throws `invalid_filter` for what is not a filter. */
export function explainFilter(filter: Filter, change: FilterSubject): FilterMiss | null {
  return compileFilter(filter)(change) ? null : missOf(filter, change, 'filter');
}

function missOf(filter: Filter, change: FilterSubject, at: string): FilterMiss {
  if ('all' in filter) {
    for (const [index, part] of filter.all.entries()) {
      if (!compileFilter(part)(change)) return missOf(part, change, `${at}.all.${index}`);
    }
  }
  if ('any' in filter) {
    const [only] = filter.any;
    if (only !== undefined && filter.any.length === 1) return missOf(only, change, `${at}.any.0`);
    const nearest = only === undefined ? 'an empty list holds for nothing' : missOf(only, change, `${at}.any.0`).found;
    return { at: `${at}.any`, wanted: `one of ${filter.any.length} conditions to hold`, found: `none; ${nearest}` };
  }
  if ('not' in filter) {
    return { at: `${at}.not`, wanted: 'this condition not to hold', found: `it holds: ${shown(filter.not)}` };
  }
  if ('field' in filter) return missOfField(filter, change, at);
  if ('folder' in filter) {
    const wanted = `the folder ${filter.exact === true ? 'to be' : 'to be or lie below'} ${filter.folder.join(' or ')}`;
    return { at, wanted, found: shown(present(change)?.['path']) };
  }
  if ('assetKind' in filter) {
    return { at, wanted: `the asset to be ${filter.assetKind.join(' or ')}`, found: shown(present(change)?.['kind']) };
  }
  if ('changed' in filter) {
    return { at, wanted: `a change of ${filter.changed.join(' or ')}`, found: shown(change.changed) };
  }
  return { at, wanted: 'all conditions to hold', found: 'one that does not' };
}

function missOfField(condition: FieldCondition, change: FilterSubject, at: string): FilterMiss {
  const path = parsePath(condition.field);
  const { field, of = 'after', ...rest } = condition;
  const test = Object.entries(rest)
    .map(([name, value]) => `${name} ${shown(value)}`)
    .join(', ');
  const value = (snapshot: JsonObject | null): string =>
    snapshot === null ? 'no such snapshot' : shown(valueAt(snapshot, path));
  switch (of) {
    case 'before':
      return { at, wanted: `${field} before: ${test}`, found: value(change.before) };
    case 'becomes':
      return {
        at,
        wanted: `${field} to become: ${test}`,
        found: `${value(change.before)} before, ${value(change.after)} after`,
      };
    default:
      return { at, wanted: `${field}: ${test}`, found: value(present(change)) };
  }
}

function shown(value: JsonValue | Filter | undefined): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length <= foundCharactersMax ? text : `${text.slice(0, foundCharactersMax)}…`;
}

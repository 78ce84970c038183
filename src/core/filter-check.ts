import { assetKinds } from './asset.ts';
import { AssetwireError, type Problem } from './errors.ts';
import type { Filter } from './filter.ts';
import { isObject } from './json-equality.ts';

export type FilterLimits = { readonly filterNodesMax: number; readonly filterDepthMax: number };

const conditionNames = ['equals', 'in', 'contains', 'startsWith', 'exists', 'atLeast', 'atMost'];
const wantedShape = `one of all, any, not, folder, assetKind, changed, or field with one of ${conditionNames.join(', ')}`;
const pathCharactersMax = 512;

/**
 * Refuses what is not a filter, with every problem and its place (`invalid_filter`). Nodes are conditions and the values
 * listed in them, so that neither a wide nor a deep filter costs more than the limits say. Walks no deeper than the limit.
 */
export function checkFilter(filter: unknown, limits: FilterLimits): asserts filter is Filter {
  const walk: Walk = { limits, problems: [], nodes: 0 };
  visit(filter, 'filter', 1, walk);
  if (walk.nodes > limits.filterNodesMax) {
    walk.problems.push({
      at: 'filter',
      wanted: `at most ${limits.filterNodesMax} conditions and values`,
      found: 'more',
    });
  }
  if (walk.problems.length === 0) return;
  const [first] = walk.problems;
  throw new AssetwireError('invalid_filter', {
    detail: `The filter at ${first?.at} must be ${first?.wanted}: got ${first?.found}`,
    mend: 'See docs/reference for the conditions a filter may use',
    problems: walk.problems.slice(0, 20),
  });
}

type Walk = { readonly limits: FilterLimits; readonly problems: Problem[]; nodes: number };

function visit(node: unknown, at: string, depth: number, walk: Walk): void {
  walk.nodes += 1;
  if (walk.nodes > walk.limits.filterNodesMax) return;
  if (depth > walk.limits.filterDepthMax) {
    walk.problems.push({ at, wanted: `nested at most ${walk.limits.filterDepthMax} deep`, found: 'deeper nesting' });
    return;
  }
  if (!isObject(node)) {
    walk.problems.push({ at, wanted: 'an object', found: describe(node) });
    return;
  }
  const keys = Object.keys(node);
  if (Object.hasOwn(node, 'field')) return visitField(node, keys, at, walk);
  const main = keys.find((key) => key !== 'exact') ?? '';
  const allowed = main === 'folder' ? 2 : 1;
  if (keys.length > allowed || (keys.length === 2 && !keys.includes('exact'))) {
    walk.problems.push({ at, wanted: wantedShape, found: `the keys ${keys.slice(0, 5).join(', ')}` });
    return;
  }
  visitGroup(main, node, at, depth, walk);
}

function visitGroup(
  main: string,
  node: { readonly [key: string]: unknown },
  at: string,
  depth: number,
  walk: Walk,
): void {
  const value = Object.hasOwn(node, main) ? node[main] : undefined;
  switch (main) {
    case 'all':
    case 'any':
      if (!Array.isArray(value))
        walk.problems.push({ at: `${at}.${main}`, wanted: 'a list of filters', found: describe(value) });
      else
        for (const [index, child] of value.entries()) {
          visit(child, `${at}.${main}.${index}`, depth + 1, walk);
          if (walk.nodes > walk.limits.filterNodesMax) return;
        }
      return;
    case 'not':
      return visit(value, `${at}.not`, depth + 1, walk);
    case 'folder':
      texts(value, `${at}.folder`, walk, (text) => (text.startsWith('/') ? null : 'an absolute folder path'));
      if (Object.hasOwn(node, 'exact') && typeof node['exact'] !== 'boolean') {
        walk.problems.push({ at: `${at}.exact`, wanted: 'true or false', found: describe(node['exact']) });
      }
      return;
    case 'assetKind': {
      const kinds: readonly string[] = assetKinds;
      return texts(value, `${at}.assetKind`, walk, (text) =>
        kinds.includes(text) ? null : `one of ${kinds.join(', ')}`,
      );
    }
    case 'changed':
      return texts(value, `${at}.changed`, walk, pathProblem);
    default:
      walk.problems.push({
        at,
        wanted: wantedShape,
        found: main === '' ? 'an empty object' : `the key ${describe(main)}`,
      });
  }
}

function visitField(node: { readonly [key: string]: unknown }, keys: readonly string[], at: string, walk: Walk): void {
  const path = node['field'];
  const wrongPath = typeof path === 'string' ? pathProblem(path) : 'a dot path as text';
  if (wrongPath !== null) walk.problems.push({ at: `${at}.field`, wanted: wrongPath, found: describe(path) });
  const of = Object.hasOwn(node, 'of') ? node['of'] : 'after';
  if (of !== 'after' && of !== 'before' && of !== 'becomes') {
    walk.problems.push({ at: `${at}.of`, wanted: 'one of after, before, becomes', found: describe(of) });
  }
  const conditions = keys.filter((key) => key !== 'field' && key !== 'of');
  const [name] = conditions;
  if (name === undefined || conditions.length > 1 || !conditionNames.includes(name)) {
    const found = name === undefined ? 'none' : conditions.slice(0, 5).join(', ');
    walk.problems.push({ at, wanted: `exactly one of ${conditionNames.join(', ')}`, found });
    return;
  }
  visitCondition(name, node[name], `${at}.${name}`, walk);
}

function visitCondition(name: string, value: unknown, at: string, walk: Walk): void {
  const wanted = conditionProblem(name, value);
  if (wanted !== null) walk.problems.push({ at, wanted, found: describe(value) });
  else if (Array.isArray(value)) walk.nodes += value.length;
}

function conditionProblem(name: string, value: unknown): string | null {
  switch (name) {
    case 'in':
      return Array.isArray(value) && value.length > 0 ? null : 'a list of at least one value';
    case 'startsWith':
      return typeof value === 'string' ? null : 'text';
    case 'exists':
      return typeof value === 'boolean' ? null : 'true or false';
    case 'atLeast':
    case 'atMost':
      return typeof value === 'number' ? null : 'a number';
    default:
      return value === undefined ? 'a JSON value' : null;
  }
}

function texts(value: unknown, at: string, walk: Walk, problem: (text: string) => string | null): void {
  if (!Array.isArray(value) || value.length === 0) {
    walk.problems.push({ at, wanted: 'a list of at least one text', found: describe(value) });
    return;
  }
  walk.nodes += value.length;
  if (walk.nodes > walk.limits.filterNodesMax) return;
  for (const [index, text] of value.entries()) {
    const wanted = typeof text === 'string' ? problem(text) : 'text';
    if (wanted !== null) walk.problems.push({ at: `${at}.${index}`, wanted, found: describe(text) });
  }
}

function pathProblem(path: string): string | null {
  if (path.length > pathCharactersMax) return `a path of at most ${pathCharactersMax} characters`;
  return path === '' || path.split('.').includes('') ? 'a dot path without empty parts' : null;
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return value.length > 40 ? `text of ${value.length} characters` : `"${value}"`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return String(value);
}

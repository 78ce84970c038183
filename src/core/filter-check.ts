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
  visit(filter, { at: 'filter', depth: 1 }, walk);
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
    mend: 'The conditions a filter may use are listed in /docs/concepts/dialects',
    problems: walk.problems.slice(0, 20),
  });
}

type Walk = { readonly limits: FilterLimits; readonly problems: Problem[]; nodes: number };
type Place = { readonly at: string; readonly depth: number };
type Node = { readonly [key: string]: unknown };

function isTooWide(walk: Walk): boolean {
  return walk.nodes > walk.limits.filterNodesMax;
}

function below(place: Place, key: string | number): Place {
  return { at: `${place.at}.${key}`, depth: place.depth };
}

function visit(node: unknown, place: Place, walk: Walk): void {
  const { at, depth } = place;
  walk.nodes += 1;
  if (isTooWide(walk)) return;
  if (depth > walk.limits.filterDepthMax) {
    walk.problems.push({ at, wanted: `nested at most ${walk.limits.filterDepthMax} deep`, found: 'deeper nesting' });
    return;
  }
  if (!isObject(node)) {
    walk.problems.push({ at, wanted: 'an object', found: describe(node) });
    return;
  }
  const keys = Object.keys(node);
  if (Object.hasOwn(node, 'field')) return visitField(node, place, walk);
  const main = keys.find((key) => key !== 'exact') ?? '';
  const allowed = main === 'folder' ? 2 : 1;
  if (keys.length > allowed || (keys.length === 2 && !keys.includes('exact'))) {
    walk.problems.push({ at, wanted: wantedShape, found: `the keys ${keys.slice(0, 5).join(', ')}` });
    return;
  }
  const visitor = Object.hasOwn(visitors, main) ? visitors[main] : undefined;
  if (visitor !== undefined) return visitor(node, place, walk);
  walk.problems.push({ at, wanted: wantedShape, found: main === '' ? 'an empty object' : `the key ${describe(main)}` });
}

type Visitor = (node: Node, place: Place, walk: Walk) => void;

const kinds: readonly string[] = assetKinds;

/** What each key of a filter holds; `field` has a form of its own. */
const visitors: { readonly [key: string]: Visitor } = {
  all: (node, place, walk) => visitList(node['all'], below(place, 'all'), walk),
  any: (node, place, walk) => visitList(node['any'], below(place, 'any'), walk),
  not: (node, place, walk) => visit(node['not'], { at: `${place.at}.not`, depth: place.depth + 1 }, walk),
  folder(node, place, walk) {
    const { at } = below(place, 'folder');
    addTexts(walk, at, {
      value: node['folder'],
      problem: (text) => (text.startsWith('/') ? null : 'an absolute folder path'),
    });
    if (!Object.hasOwn(node, 'exact') || typeof node['exact'] === 'boolean') return;
    walk.problems.push({ at: `${place.at}.exact`, wanted: 'true or false', found: describe(node['exact']) });
  },
  assetKind(node, place, walk) {
    const problem = (text: string): string | null => (kinds.includes(text) ? null : `one of ${kinds.join(', ')}`);
    addTexts(walk, `${place.at}.assetKind`, { value: node['assetKind'], problem });
  },
  changed: (node, place, walk) =>
    addTexts(walk, `${place.at}.changed`, { value: node['changed'], problem: pathProblem }),
};

function visitList(value: unknown, place: Place, walk: Walk): void {
  if (!Array.isArray(value)) {
    walk.problems.push({ at: place.at, wanted: 'a list of filters', found: describe(value) });
    return;
  }
  for (const [index, child] of value.entries()) {
    visit(child, { at: `${place.at}.${index}`, depth: place.depth + 1 }, walk);
    if (isTooWide(walk)) return;
  }
}

function visitField(node: Node, { at }: Place, walk: Walk): void {
  const path = node['field'];
  const wrongPath = typeof path === 'string' ? pathProblem(path) : 'a dot path as text';
  if (wrongPath !== null) walk.problems.push({ at: `${at}.field`, wanted: wrongPath, found: describe(path) });
  const of = Object.hasOwn(node, 'of') ? node['of'] : 'after';
  if (of !== 'after' && of !== 'before' && of !== 'becomes') {
    walk.problems.push({ at: `${at}.of`, wanted: 'one of after, before, becomes', found: describe(of) });
  }
  const conditions = Object.keys(node).filter((key) => key !== 'field' && key !== 'of');
  const [name] = conditions;
  if (name === undefined || conditions.length > 1 || !conditionNames.includes(name)) {
    const found = name === undefined ? 'none' : conditions.slice(0, 5).join(', ');
    walk.problems.push({ at, wanted: `exactly one of ${conditionNames.join(', ')}`, found });
    return;
  }
  const value = node[name];
  const wanted = conditionProblem(name, value);
  if (wanted !== null) walk.problems.push({ at: `${at}.${name}`, wanted, found: describe(value) });
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

type Texts = { readonly value: unknown; readonly problem: (text: string) => string | null };

function addTexts(walk: Walk, at: string, { value, problem }: Texts): void {
  if (!Array.isArray(value) || value.length === 0) {
    walk.problems.push({ at, wanted: 'a list of at least one text', found: describe(value) });
    return;
  }
  walk.nodes += value.length;
  if (isTooWide(walk)) return;
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
  if (typeof value === 'string') return value.length > 40 ? `text of ${value.length} characters` : `"${value}"`;
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (value === undefined) return 'nothing';
  return Array.isArray(value) ? 'a list' : 'an object';
}

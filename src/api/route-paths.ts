import type { IncomingMessage } from 'node:http';
import { nearestName } from '../core/nearest-name.ts';
import type { Route } from './route.ts';

/** `/v1/assets/{reference}` in the router's spelling. */
export function toRouterPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, ':$1');
}

/** Which methods the routes have at a path, for the 405 of a path that is ours and a method that is not. */
export function methodsAt(routes: readonly Pick<Route, 'path' | 'method'>[], path: string): readonly string[] {
  const segments = path.split('/');
  const methods = routes.filter((route) => matches(route.path.split('/'), segments)).map((route) => route.method);
  const unique = [...new Set<string>(methods)];
  return unique.includes('GET') ? ['HEAD', ...unique] : unique;
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => (part.startsWith('{') ? segments[index] !== '' : part === segments[index]))
  );
}

/**
 * The words that an error at a path is told in where no route of ours lies there: of the route that has most of its parts, at
 * least the first; null where that is a route of our own.
 */
export function wordsAt(
  routes: readonly Pick<Route, 'path' | 'presentError'>[],
  path: string,
): Route['presentError'] | null {
  const segments = path.split('/').slice(1);
  let best: { readonly parts: number; readonly words: Route['presentError'] } = { parts: 0, words: undefined };
  for (const route of routes) {
    if (route.presentError === undefined) continue;
    const parts = partsInCommon(route.path.split('/').slice(1), segments);
    if (parts > best.parts) best = { parts, words: route.presentError };
  }
  return best.words ?? null;
}

/** A parameter counts for less than the part itself. */
function partsInCommon(pattern: readonly string[], segments: readonly string[]): number {
  let parts = 0;
  for (const [index, segment] of segments.entries()) {
    if (pattern[index] === segment) parts += 1;
    else if (pattern[index]?.startsWith('{') === true && segment !== '') parts += 0.5;
    else break;
  }
  // What lies at the path itself, in another method, before what lies below it.
  return parts + (parts > 0 && pattern.length === segments.length ? 0.25 : 0);
}

/** What stands before the question mark. */
export function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '';
  const at = url.indexOf('?');
  return at < 0 ? url : url.slice(0, at);
}

/**
 * The route that was probably meant by a path that is none: the same number of parts (or one too many at the end), at
 * most one part with a slip in it. As `POST /v1/webhooks`; undefined where none is near.
 */
export function nearestRoute(
  routes: readonly Pick<Route, 'path' | 'method'>[],
  { method, path }: { readonly method: string; readonly path: string },
): string | undefined {
  const segments = path.split('/').filter((segment) => segment !== '');
  if (path.length > 300 || segments.length > 10) return undefined;
  const near = nearPath(routes, segments) ?? nearPath(routes, ['v1', ...segments]);
  if (near === undefined) return undefined;
  const methods = routes.filter((route) => route.path === near).map((route) => route.method);
  return `${methods.find((one) => one === method) ?? methods[0] ?? ''} ${near}`;
}

function nearPath(routes: readonly Pick<Route, 'path'>[], segments: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestSlips = 2;
  for (const { path } of routes) {
    const slips = slipsBetween(path.split('/').slice(1), segments);
    if (slips >= bestSlips) continue;
    best = path;
    bestSlips = slips;
  }
  return best;
}

/** How many fixed parts are misspelt; Infinity where the two cannot be meant to be the same. */
function slipsBetween(pattern: readonly string[], segments: readonly string[]): number {
  if (pattern.length !== segments.length) return Infinity;
  let slips = 0;
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (part.startsWith('{') || part === segment) continue;
    if (nearestName(segment, [part]) === undefined) return Infinity;
    slips += 1;
  }
  // Where nothing but parameters agreed, nothing is known.
  return pattern.some((part) => !part.startsWith('{')) ? slips : Infinity;
}

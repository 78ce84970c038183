import type { IncomingMessage } from 'node:http';
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

/** What stands before the question mark. */
export function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '';
  const at = url.indexOf('?');
  return at < 0 ? url : url.slice(0, at);
}

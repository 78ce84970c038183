import type { ErrorCode } from '../core/errors.ts';
import type { Route } from './route.ts';

/** The errors a route may give by what it is, and those it names itself; sorted, each once. */
export function errorsOf(route: Route): readonly ErrorCode[] {
  const codes = new Set<ErrorCode>(ofEveryRoute);
  const add = (more: readonly ErrorCode[]): void => more.forEach((code) => void codes.add(code));
  if (route.scope !== 'open') add(ofCallers);
  if (route.params !== undefined) add(['not_found']);
  if (route.query !== undefined || route.method === 'GET') add(['invalid_request']);
  if (route.body !== undefined || route.upload !== undefined) add(ofBodies);
  // The form of a Content-Type is looked at whether or not a body is wanted.
  if (route.method !== 'GET') add(['invalid_request', 'unsupported_media_type', 'storage_busy', 'storage_full']);
  if (route.idempotent === true) add(['invalid_idempotency_key', 'idempotency_mismatch']);
  add(route.errors ?? []);
  return [...codes].sort();
}

/** What any route may give: told once in the reference instead of with each. */
export const ofEveryRoute: readonly ErrorCode[] = [
  'internal',
  'malformed_request',
  'headers_too_large',
  'shutting_down',
  'storage_unavailable',
];

/** What any route that wants a key may give. */
export const ofCallers: readonly ErrorCode[] = [
  'unauthenticated',
  'forbidden',
  'too_many_requests',
  'cross_site_request',
  'not_found',
];

/** What any route that takes a body may give. */
export const ofBodies: readonly ErrorCode[] = [
  'invalid_request',
  'invalid_json',
  'json_too_deep',
  'json_too_many_keys',
  'body_too_large',
  'request_timeout',
  'unsupported_media_type',
];

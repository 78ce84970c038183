/**
 * Where a vendor's API is reached: below `/{dialect}` of our own address, at the root of a port of its own
 * (`ASSETWIRE_DIALECT_LISTEN`), or in part at the root of a host of its own (`ASSETWIRE_SNS_URL`). Requests of such a port are handed to the same routes.
 */
import type { IncomingMessage, RequestListener } from 'node:http';

const ownPorts = new WeakMap<IncomingMessage, true>();
const hostForm = /^(?:[a-zA-Z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::\d{1,5})?$/;

/** Serves the root of a port as what lies below `/{dialect}`. */
export function atRoot(dialect: string, listener: RequestListener): RequestListener {
  return (request, response) => {
    ownPorts.set(request, true);
    request.url = `/${dialect}${request.url ?? '/'}`;
    listener(request, response);
  };
}

/** By the host that a request names: the path below which what it asks for lies, without a slash at its end. */
export type HostMounts = ReadonlyMap<string, string>;

/** What is asked of such a host at its root lies below its path here; a proxy in front need not know of it. */
export function mountByHost(mounts: HostMounts, request: IncomingMessage): void {
  const path = mounts.get(request.headers.host?.toLowerCase() ?? '');
  if (path !== undefined) request.url = `${path}${request.url ?? '/'}`;
}

/**
 * Absolute URL of the mount as this caller reaches it, for links in answers: on a port of its own the host that the caller
 * named, elsewhere the public URL. A proxy that ends TLS before the port says so by `X-Forwarded-Proto`; whoever makes that
 * up gets strange links in an answer of his own, nothing more.
 */
export function vendorBase(request: IncomingMessage, publicBase: string): string {
  if (!ownPorts.has(request)) return publicBase;
  const host = request.headers.host ?? '';
  const scheme = request.headers['x-forwarded-proto'] === 'https' ? 'https' : 'http';
  return hostForm.test(host) ? `${scheme}://${host}` : publicBase;
}

/**
 * Where a vendor's API is reached: below `/{dialect}` of our own address, or at the root of a port of its own
 * (`ASSETWIRE_DIALECT_LISTEN`). Requests of such a port are handed to the same routes.
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

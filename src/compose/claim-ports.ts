/**
 * Whether the ports of the settings are free, before this process makes itself known to others: they would hand over
 * shards to one that ends a moment later, each time it is started again. SQLite has nobody who would.
 */
import { closeServer, createHttpServer, listenAt } from '../api/listeners.ts';
import type { Settings } from '../runtime/configuration.ts';

type Ports = Pick<Settings, 'host' | 'port' | 'inboxTlsPort' | 'dialectListen'>;

/** Throws the listener's own error where one is taken. A port that the system is to draw is free by itself. */
export async function claimPorts(settings: Ports, run: 'serve' | 'worker'): Promise<void> {
  const { host, port, inboxTlsPort, dialectListen } = settings;
  const places = [{ host, port }];
  if (run === 'serve') {
    places.push({ host, port: inboxTlsPort ?? (port === 0 ? 0 : port + 1) }, ...dialectListen);
  }
  for (const place of places) {
    if (place.port === 0) continue;
    const server = createHttpServer((_request, response) => response.writeHead(503).end());
    await listenAt(server, place);
    await closeServer(server);
  }
}

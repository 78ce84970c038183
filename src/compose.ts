/**
 * The wiring of one server: its parts told of each other, and started and stopped in order. This file and its folder are the
 * only place that names implementations: in `compose/` each part is made, in a file of its own.
 */
import type { ApiAddress, ApiServer } from './api/api.ts';
import { createApiServer } from './api/server.ts';
import { type AppParts, createApp } from './app/create-app.ts';
import { readGauges } from './app/gauges.ts';
import { createUpkeep } from './app/upkeep.ts';
import type { Blobs, WatchedBlobs } from './blobs/blobs.ts';
import { apiSettings } from './compose/api-settings.ts';
import { appDeps, type Place, type Signals } from './compose/app-deps.ts';
import { claimPorts } from './compose/claim-ports.ts';
import { vendorApis } from './compose/dialects.ts';
import { hearForEngine } from './compose/engine-signals.ts';
import { makeEngine } from './compose/engine.ts';
import { openInbox } from './compose/inbox-place.ts';
import { propertiesFilesOf } from './compose/properties-files.ts';
import { makeRooms, type Rooms } from './compose/rooms.ts';
import { type ComposeOptions, roleOf } from './compose/server-options.ts';
import type { Engine } from './engine/engine.ts';
import { inOrder, type Step } from './runtime/in-order.ts';
import type { Storage } from './storage/storage.ts';

/** All parts of one server, made and wired, nothing started. */
export type Composition = {
  readonly parts: AppParts;
  readonly engine: Engine;
  readonly storage: Storage;
  readonly api: ApiServer;
  readonly blobs: Blobs;
  /** Starts everything in order; on failure what was started is stopped again. */
  start(): Promise<ApiAddress>;
  stop(): Promise<void>;
};

/** Makes and wires them. `compose/start-server.ts` goes on from here; tests and other hosts may take it apart. */
export function compose(options: ComposeOptions): Composition {
  const rooms = makeRooms(options);
  const { cluster, storage, blobs, metrics, clock } = rooms;
  const { logger, certificate, sink = null } = options;
  const role = roleOf(options);
  const delivers = role !== 'api';
  const place: Place = { address: null };
  const signals: Signals = { engine: null, live: null, running: false, role };
  const parts = createApp(appDeps(options, rooms, { place, signals }));
  const engine = makeEngine(options, rooms, parts);
  signals.engine = engine;
  signals.live = parts.onEngineEvent;
  if (delivers) hearForEngine(cluster, engine);
  const api = createApiServer({
    ...{ app: parts.app, settings: apiSettings(options), vendorRoutes: vendorApis() },
    ...{ clock, ids: rooms.ids, logger, metrics },
  });
  const { transports: transport, media } = rooms;
  readGauges(metrics, { storage, engine, transport, clock, sink, media, files: blobs, leases: cluster.leases });

  const listen = async (): Promise<void> => {
    const address = await api.start();
    place.address = address;
    openInbox(rooms.egress, { ...address, certificate });
  };
  const run = async (running: boolean): Promise<void> => {
    if (running) await (delivers ? engine.start() : cluster.watch());
    signals.running = running;
    if (!running) await engine.stop();
  };
  const steps = [
    ...stepsBelow(options, rooms),
    { start: () => parts.app.start(), stop: () => parts.app.stop() },
    ...propertiesFilesOf(options, clock, parts).map((file) => ({
      start: () => file.start(),
      stop: async () => file.stop(),
    })),
    { start: listen, stop: () => api.stop() },
    { start: () => run(true), stop: () => run(false) },
    createUpkeep({ storage, clock, logger }),
  ];
  const lifecycle = inOrder(steps, () => metrics.stop());
  return {
    ...{ parts, engine, storage, api, blobs },
    async start() {
      await lifecycle.start();
      if (place.address === null) throw new TypeError('A started server must have an address: it has none');
      return place.address;
    },
    async stop() {
      signals.running = false;
      // No new work while the old one ends: the listeners close first.
      await api.stop();
      await lifecycle.stop();
      await rooms.traces?.stop();
    },
  };
}

/**
 * What the use cases stand on, in the order in which it is started and against which it is stopped: what others stand on
 * comes first and goes last.
 */
function stepsBelow({ settings, run = 'serve' }: ComposeOptions, rooms: Rooms): readonly Step[] {
  const { storage, cluster, blobs, media, transports, signingThread } = rooms;
  return [
    { start: () => storage.start(), stop: () => storage.stop() },
    // Nobody hands over shards to one that cannot listen.
    ...(storage.cluster === null ? [] : [{ start: () => claimPorts(settings, run), stop: nothing }]),
    { start: () => cluster.join(), stop: () => cluster.stop() },
    { start: () => startFiles(blobs), stop: () => blobs.stop() },
    { start: () => media.start(), stop: () => media.stop() },
    { start: () => transports.start(), stop: () => transports.stop() },
    { start: nothing, stop: () => signingThread.stop() },
  ];
}

/** Where they are away for the time being the server runs without them. */
async function startFiles(blobs: WatchedBlobs): Promise<void> {
  await blobs.start();
  if (blobs.health().state === 'ok') await blobs.sweep();
}

function nothing(): Promise<void> {
  return Promise.resolve();
}

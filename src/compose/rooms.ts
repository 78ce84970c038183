/** The implementations of this server: each made once, by what the settings say, and none started. */
import { join } from 'node:path';
import { createKeySigner } from '../app/key-signer.ts';
import { createIdSource } from '../core/id-source.ts';
import { watchBlobs } from '../blobs/watched.ts';
import { createEgress } from '../egress/egress.ts';
import { weakenedTls } from '../egress/tls-identity.ts';
import { createMedia } from '../media/child-media.ts';
import { systemClock } from '../runtime/clock.ts';
import { createMetrics } from '../runtime/metrics.ts';
import { createSystemRandom } from '../runtime/random.ts';
import { createRsaThread } from '../runtime/rsa-thread.ts';
import { openTraces } from '../runtime/traces.ts';
import { systemTurn } from '../runtime/turn.ts';
import { createAuthorizedTransport } from '../transports/http/authorized-transport.ts';
import { createFileFetcher } from '../transports/http/fetch-file.ts';
import { createHttpTransport } from '../transports/http/http-transport.ts';
import { chooseBlobs, filesSeenByAll, localFiles } from './choose-blobs.ts';
import { chooseStorage } from './choose-storage.ts';
import { createCluster } from './cluster.ts';
import { dialects } from './dialects.ts';
import { createEngineLog } from './engine-log.ts';
import { roadOut } from './road-out.ts';
import { type ComposeOptions, roleOf } from './server-options.ts';
import { createTransports } from './transports.ts';
import { readVersion, userAgentOf } from './version.ts';

/** What `makeRooms` made. */
export type Rooms = ReturnType<typeof makeRooms>;

/** Makes them. */
export function makeRooms(options: ComposeOptions) {
  const { settings, logger, postgres, writerThread = null, random = createSystemRandom() } = options;
  const version = readVersion();
  const role = roleOf(options);
  const applicationName = `assetwire ${role}`;
  const own = options.clock ?? systemClock;
  const { storage, clock, shared } = chooseStorage({
    ...{ settings, logger, random, applicationName, postgres, writerThread },
    clock: own,
  });
  const files = localFiles(settings);
  const cluster = createCluster({
    ...{ storage, clock, shared, random, role, version },
    dataDir: settings.dataDir,
    files: filesSeenByAll(settings),
    endOfTurn: systemTurn,
    log: createEngineLog(logger, systemClock),
  });
  const egress = createEgress({
    clock,
    random,
    ...roadOut(settings),
  });
  const signingThread = createRsaThread();
  for (const warning of weakenedTls(process.env)) logger.warn('egress', { warning });
  return {
    version,
    clock,
    random,
    cluster,
    storage,
    metrics: createMetrics(),
    traces: openTraces(settings, version, (detail) => logger.warn('traces', { detail })),
    ids: createIdSource({ nowMs: () => clock.nowMs(), randomBytes: (count) => random.bytes(count) }),
    dialects: new Map(dialects.map((dialect) => [dialect.manifest.id, dialect])),
    blobs: watchBlobs(chooseBlobs(settings, { clock, random, logger }), { clock, random }),
    signingThread,
    signingKeys: createKeySigner({ storage, vault: options.vault, clock, thread: signingThread }),
    media: createMedia({
      clock,
      random,
      readable: [files],
      scratch: join(settings.dataDir, 'scratch'),
      embedded: settings.embeddedMetadata,
      ffmpeg: settings.ffmpeg,
      ...(settings.scanCommand === null
        ? {}
        : { scan: { command: settings.scanCommand, timeoutMs: settings.scanSeconds * 1_000 } }),
    }),
    egress,
    transports: createTransports({
      settings,
      clock,
      http: createAuthorizedTransport({
        transport: createHttpTransport({ egress, clock }),
        clock,
        userAgent: userAgentOf(version),
      }),
    }),
    fetchFile: createFileFetcher({ egress, clock, userAgent: userAgentOf(readVersion()) }),
  };
}

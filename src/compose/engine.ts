/** The engine of this server. */
import { join } from 'node:path';
import type { AppParts } from '../app/create-app.ts';
import { countAttempt } from '../app/gauges.ts';
import { attemptSpan } from '../app/spans.ts';
import { createEngine } from '../engine/create-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { createFlightFile } from '../engine/flight-file.ts';
import { createSigner } from '../engine/signer.ts';
import { systemClock } from '../runtime/clock.ts';
import { createLoopLoad } from '../runtime/loop-load.ts';
import { systemTurn } from '../runtime/turn.ts';
import { createEngineLog } from './engine-log.ts';
import type { Rooms } from './rooms.ts';
import type { ComposeOptions } from './server-options.ts';
import { userAgentOf } from './version.ts';

/** Makes it; what it tells of every attempt goes to the metrics, the traces and the streams that people watch. */
export function makeEngine({ settings, logger }: ComposeOptions, rooms: Rooms, parts: AppParts): Engine {
  const { storage, dialects, transports, clock, random, metrics, version } = rooms;
  return createEngine({
    storage,
    dialects,
    transports: transports.byKind,
    care: parts.care,
    dutyHandlers: parts.duties,
    ownership: rooms.cluster.ownership,
    flights: createFlightFile(join(settings.dataDir, 'flights.bin')),
    signer: createSigner(rooms.signingKeys),
    links: parts.links,
    clock,
    random,
    endOfTurn: systemTurn,
    log: createEngineLog(logger, systemClock),
    onEvent: (event) => {
      countAttempt(metrics, event);
      rooms.traces?.record(attemptSpan(event));
      parts.onEngineEvent(event);
    },
    options: {
      loopLoad: createLoopLoad(),
      userAgent: userAgentOf(version),
      stopDeadlineMs: settings.shutdownSeconds * 1_000,
      // Others tell of writes to webhooks; looking is the net below, and each look is a question to the database.
      ...(storage.cluster === null ? {} : { workspacesPerTick: 1, othersCommit: true }),
    },
  });
}

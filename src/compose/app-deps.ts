/** What the use cases are given. */
import type { ApiAddress } from '../api/api.ts';
import type { AppDeps } from '../app/dependencies.ts';
import { changeTracer } from '../app/spans.ts';
import type { MemberRole } from '../core/cluster.ts';
import type { Engine, EngineEvent } from '../engine/engine.ts';
import { systemClock } from '../runtime/clock.ts';
import { describeSettings } from '../runtime/configuration.ts';
import { besideTheLanes } from './beside-the-lanes.ts';
import { snsPlace } from './dialects.ts';
import { createEngineLog } from './engine-log.ts';
import { engineSignals } from './engine-signals.ts';
import { inboxUrls } from './inbox-place.ts';
import type { Rooms } from './rooms.ts';
import type { ComposeOptions } from './server-options.ts';
import { mailServerOf } from './transports.ts';

/** Where the server listens, once it does. */
export type Place = { address: ApiAddress | null };

/** What the use cases tell the engine goes through here, because each of the two is made of the other. */
export type Signals = {
  engine: Engine | null;
  live: ((event: EngineEvent) => void) | null;
  running: boolean;
  readonly role: MemberRole;
};

const linkLifetimeMs = 30 * 24 * 3_600_000;

/** All of it, of one server; `place` and `signals` are filled when it listens and delivers. */
export function appDeps(
  { settings, sources = {}, logger, vault }: ComposeOptions,
  rooms: Rooms,
  { place, signals }: { readonly place: Place; readonly signals: Signals },
): AppDeps {
  return {
    ...rooms,
    files: rooms.blobs,
    soleWriter: rooms.storage.cluster === null,
    others: rooms.cluster.bus,
    vault,
    logger,
    engine: engineSignals({
      engine: () => signals.engine,
      cluster: rooms.cluster,
      running: () => signals.running,
      role: signals.role,
      paused: settings.startPaused,
    }),
    ...besideTheLanes(rooms, createEngineLog(logger, systemClock), (delivery) => signals.live?.(delivery)),
    trace: rooms.traces === null ? null : changeTracer(rooms.traces, rooms.clock),
    settings: {
      publicUrl: () => settings.publicUrl ?? place.address?.publicUrl ?? '',
      ...inboxUrls(settings, { many: rooms.storage.cluster !== null, place: () => place.address }),
      uploadBytesMax: settings.uploadBytesMax,
      workspaceBytesMax: settings.workspaceBytesMax,
      workspaceFilesMax: settings.workspaceFilesMax,
      workspaceChangesPerSecondMax: settings.workspaceChangesPerSecondMax,
      renditions: settings.renditions,
      adminKey: settings.adminKey,
      linkLifetimeMs,
      awsPrincipal: settings.sqsPrincipal,
      awsKeysRequired: settings.sqsCredentials === 'webhook',
      linkPlaces: settings.snsUrl === null ? [] : [{ ...snsPlace, url: settings.snsUrl }],
      mailServer: mailServerOf(settings),
      queueEndpoint: settings.sqsEndpoint,
      process: describeSettings({ settings, sources }),
    },
    mailer: rooms.transports.mailer,
    transports: rooms.transports.byKind,
  };
}

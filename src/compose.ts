/**
 * The only file that names implementations: it makes the parts, tells them of each other, and starts and stops them in
 * order. `startServer` is what `serve` and `demo` run; `compose` is what tests and other hosts may take apart.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { ApiAddress, ApiServer, ApiSettings } from './api/api.ts';
import { createApiServer } from './api/server.ts';
import type { VendorApi } from './api/vendor-routes.ts';
import { type App, scopes } from './app/app.ts';
import { backUp, type BackUpRequest, type BackUpResult } from './app/back-up.ts';
import { type AppParts, createApp } from './app/create-app.ts';
import type { AppDeps } from './app/dependencies.ts';
import { countAttempt, readGauges } from './app/gauges.ts';
import { createKeySigner } from './app/key-signer.ts';
import { localKeyName } from './app/keys.ts';
import { attemptSpan, changeTracer } from './app/spans.ts';
import { createPropertiesFile, type PropertiesFile } from './app/properties-file.ts';
import { createUpkeep } from './app/upkeep.ts';
import type { Blobs } from './blobs/blobs.ts';
import { copyBlobs } from './blobs/disk/copy-blobs.ts';
import { createIdSource } from './core/id-source.ts';
import type { Dialect } from './dialects/dialect.ts';
import { bynderDialect } from './dialects/bynder/index.ts';
import { brandfolderDialect } from './dialects/brandfolder/index.ts';
import { bambuserDialect } from './dialects/bambuser/index.ts';
import { cloudeventsDialect } from './dialects/cloudevents/index.ts';
import { scaleflexDialect } from './dialects/scaleflex/index.ts';
import { standardDialect } from './dialects/standard/index.ts';
import { woodwingDialect } from './dialects/woodwing/index.ts';
import { createEgress } from './egress/egress.ts';
import { keepInboxCertificate } from './egress/inbox-certificate.ts';
import { probeTarget as probe, type TargetProbe } from './egress/probe-target.ts';
import type { InboxCertificate } from './egress/self-signed.ts';
import { weakenedTls } from './egress/tls-identity.ts';
import { createEngine } from './engine/create-engine.ts';
import type { Engine, EngineEvent } from './engine/engine.ts';
import type { EngineLog } from './engine/engine-deps.ts';
import { createFlightFile } from './engine/flight-file.ts';
import { createPreviewer } from './engine/preview.ts';
import { createSigner } from './engine/signer.ts';
import { createSignAnew } from './engine/sign-anew.ts';
import { createTryOnce } from './engine/try-once.ts';
import { createMedia } from './media/child-media.ts';
import { probeFfmpeg } from './media/ffmpeg.ts';
import type { FilmTool } from './media/media.ts';
import { commandProblem } from './media/scanner.ts';
import { type InspectorTried, tryInspector } from './media/try-inspector.ts';
import { chooseBlobs, filesSeenByAll, localFiles } from './compose/choose-blobs.ts';
import { chooseStorage, databaseName, loadPostgres, type PostgresStorage } from './compose/choose-storage.ts';
import { claimPorts } from './compose/claim-ports.ts';
import { createCluster } from './compose/cluster.ts';
import { createEngineLog } from './compose/engine-log.ts';
import { engineSignals, hearForEngine } from './compose/engine-signals.ts';
import { createTransports, mailServerOf } from './compose/transports.ts';
import { inboxHost, inboxUrls, openInbox } from './compose/inbox-place.ts';
import type { MemberRole } from './core/cluster.ts';
import { type Clock, systemClock } from './runtime/clock.ts';
import { type Configuration, ConfigurationError, describeSettings, type Settings } from './runtime/configuration.ts';
import { readCredentials, writeCredentials } from './runtime/credentials.ts';
import { openDataDirectory } from './runtime/data-directory.ts';
import { inOrder } from './runtime/in-order.ts';
import { createLoopLoad } from './runtime/loop-load.ts';
import type { Logger } from './runtime/logger.ts';
import type { LogSink } from './runtime/log-sink.ts';
import { createMetrics } from './runtime/metrics.ts';
import { createSystemRandom, type Random } from './runtime/random.ts';
import { openTraces } from './runtime/traces.ts';
import { createRsaThread } from './runtime/rsa-thread.ts';
import { systemTurn } from './runtime/turn.ts';
import type { Vault } from './runtime/vault.ts';
import { openVault } from './runtime/vault-key.ts';
import { backUpFile } from './storage/sqlite/back-up-file.ts';
import type { Storage } from './storage/storage.ts';
import { createFileFetcher } from './transports/http/fetch-file.ts';
import { createAuthorizedTransport } from './transports/http/authorized-transport.ts';
import { createHttpTransport } from './transports/http/http-transport.ts';

/** Every dialect this server speaks: a line here and a folder, nothing else. */
export const dialects: readonly Dialect[] = [
  standardDialect,
  cloudeventsDialect,
  woodwingDialect,
  bynderDialect,
  scaleflexDialect,
  brandfolderDialect,
  bambuserDialect,
];

const linkLifetimeMs = 30 * 24 * 3_600_000;

/** What `ASSETWIRE_SNS_URL` stands for. */
const snsPlace = { dialect: 'bynder', path: '/sns' } as const;

/** What a server is started with. */
export type ServerOptions = {
  readonly settings: Settings;
  /** Where each setting came from; default: all from their defaults. */
  readonly sources?: Configuration['sources'];
  readonly logger: Logger;
  readonly sink?: LogSink;
  /** `worker`: delivers, and answers health and metrics only. Default: takes requests, and delivers unless told not to. */
  readonly run?: 'serve' | 'worker';
  /** See `startWriterEarly`. */
  readonly writerThread?: Worker | null;
};

/** A server that runs; `stop` ends it in order and resolves when nothing of it is left. */
export type StartedServer = {
  readonly url: string;
  readonly publicUrl: string;
  readonly inboxTlsUrl: string | null;
  /** Vendor APIs at the root of ports of their own, by dialect. */
  readonly vendorUrls: ApiAddress['vendorUrls'];
  /** A generated admin key: at the first start only. */
  readonly firstAdminKey: string | null;
  /** The key that the command line on this machine uses. */
  readonly localKey: string;
  /** Opens one session, once, within the hour. */
  readonly signInToken: string;
  readonly app: App;
  readonly engine: Engine;
  readonly storage: Storage;
  stop(): Promise<void>;
};

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

/** Starts a server on the data directory of its settings. Throws `OperatorError` or `AssetwireError` where it cannot. */
export async function startServer(options: ServerOptions): Promise<StartedServer> {
  const { settings } = options;
  refuseScanner(settings);
  openDataDirectory(settings.dataDir);
  const { vault } = openVault({
    dataDir: settings.dataDir,
    keys: settings.encryptionKey,
    shared: settings.databaseUrl !== null,
  });
  const certificate = keepInboxCertificate({
    directory: settings.dataDir,
    host: inboxHost(settings.host),
    nowMs: systemClock.nowMs(),
  });
  const composition = compose({ ...options, vault, certificate, postgres: await loadPostgres(settings) });
  const address = await composition.start();
  try {
    const { parts, engine, storage } = composition;
    const firstAdminKey = await parts.bootstrap();
    // Many processes share a key of the operator's; one that is alone makes one for the command line beside it.
    const localKey =
      storage.cluster === null ? await localKeyOf(parts, settings.dataDir, vault) : (settings.adminKey ?? '');
    writeCredentials(settings.dataDir, vault, { url: address.url, key: localKey });
    return {
      url: address.url,
      publicUrl: address.publicUrl,
      inboxTlsUrl: address.tlsUrl,
      vendorUrls: address.vendorUrls,
      firstAdminKey,
      localKey,
      signInToken: parts.issueSignInToken(),
      app: parts.app,
      engine,
      storage,
      stop: () => composition.stop(),
    };
  } catch (error) {
    await composition.stop();
    throw error;
  }
}

/** Copies the data directory as of one moment, whether a server runs on it or not. */
export function backUpDirectory(request: BackUpRequest): Promise<BackUpResult> {
  return backUp({ storeName: databaseName, filesName: 'files', copyStore: backUpFile, copyFiles: copyBlobs }, request);
}

export { checkStore } from './compose/check-store.ts';

/** Where files lie, and moving them there. */
export { checkBlobs, copyFiles } from './compose/choose-blobs.ts';

/** Whether commits last where the data directory is, or would be; see the function of this name in the storage. */
export { checkDurability } from './storage/sqlite/check-durability.ts';

/** What the road out, with these settings, makes of a target. */
export function probeTarget({ allowedTargets, deniedTargets }: Settings, url: string): Promise<TargetProbe> {
  const clock = systemClock;
  const policy = { allowedTargets, deniedTargets };
  return probe(url, { clock, egress: createEgress({ clock, random: createSystemRandom(), policy }) });
}

/** Why the scanner that is set cannot be started; null where it can, or none is set. */
export function findScannerProblem({ scanCommand }: Settings): string | null {
  return scanCommand === null ? null : commandProblem(scanCommand);
}

/** Every file would be withheld: better said now. */
function refuseScanner(settings: Settings): void {
  const found = findScannerProblem(settings);
  if (found === null) return;
  const wanted = 'a command that can be started';
  throw new ConfigurationError([{ at: 'ASSETWIRE_SCAN_COMMAND', wanted, found }]);
}

/** The `ffmpeg` that these settings lead to, or why there is none. */
export async function findFilmTool({ ffmpeg }: Settings): Promise<FilmTool> {
  const { tool } = await probeFfmpeg(ffmpeg, { searchPath: process.env['PATH'], clock: systemClock });
  return tool;
}

/** Whether files can be looked into on this machine. */
export function tryReadingFiles(): Promise<InspectorTried> {
  return tryInspector({ clock: systemClock });
}

export type ComposeOptions = ServerOptions & {
  readonly vault: Vault;
  readonly certificate: InboxCertificate;
  /** Null where the store is SQLite. */
  readonly postgres: PostgresStorage | null;
  readonly clock?: Clock;
  readonly random?: Random;
};

/** Where the server listens, once it does. */
type Place = { address: ApiAddress | null };
/** What the use cases tell the engine goes through here, because each of the two is made of the other. */
type Signals = {
  engine: Engine | null;
  live: ((event: EngineEvent) => void) | null;
  running: boolean;
  readonly role: MemberRole;
};

export function compose(options: ComposeOptions): Composition {
  const role = roleOf(options);
  const delivers = role !== 'api';
  const rooms = makeRooms(options);
  const { cluster } = rooms;
  const { storage, blobs, media, egress, transports, metrics, clock } = rooms;
  const { logger, certificate } = options;
  const place: Place = { address: null };
  const signals: Signals = { engine: null, live: null, running: false, role };
  const parts = createApp(appDeps(options, rooms, { place, signals }));
  const engine = makeEngine(options, rooms, parts);
  signals.engine = engine;
  signals.live = parts.onEngineEvent;
  if (delivers) hearForEngine(cluster, engine);
  const api = createApiServer({
    app: parts.app,
    settings: apiSettings(options),
    clock,
    ids: rooms.ids,
    logger,
    metrics,
    vendorRoutes: vendorApis(),
  });
  readGauges(metrics, {
    storage,
    engine,
    transport: transports,
    clock,
    sink: options.sink ?? null,
    media,
    leases: cluster.leases,
  });
  const upkeep = createUpkeep({ storage, clock, logger });
  const propertiesFiles = propertiesFilesOf(options, clock, parts);

  const listen = async (): Promise<void> => {
    const address = await api.start();
    place.address = address;
    openInbox(egress, { ...address, certificate });
  };
  const run = async (running: boolean): Promise<void> => {
    if (running) await (delivers ? engine.start() : cluster.watch());
    signals.running = running;
    if (!running) await engine.stop();
  };
  // In this order up, in the opposite order down: what others stand on comes first and goes last.
  const lifecycle = inOrder(
    [
      { start: () => storage.start(), stop: () => storage.stop() },
      // Nobody hands over shards to one that cannot listen.
      ...(storage.cluster === null
        ? []
        : [{ start: () => claimPorts(options.settings, options.run ?? 'serve'), stop: nothing }]),
      { start: () => cluster.join(), stop: () => cluster.stop() },
      { start: () => blobs.start().then(() => blobs.sweep()), stop: () => blobs.stop() },
      { start: () => media.start(), stop: () => media.stop() },
      { start: () => transports.start(), stop: () => transports.stop() },
      { start: async () => undefined, stop: () => rooms.signingThread.stop() },
      { start: () => parts.app.start(), stop: () => parts.app.stop() },
      ...propertiesFiles.map((file) => ({ start: () => file.start(), stop: async () => file.stop() })),
      { start: listen, stop: () => api.stop() },
      { start: () => run(true), stop: () => run(false) },
      { start: () => upkeep.start(), stop: () => upkeep.stop() },
    ],
    () => metrics.stop(),
  );
  return {
    parts,
    engine,
    storage,
    api,
    blobs,
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

/** The file that a vendor's server is set up with, for each dialect that has properties. */
function propertiesFilesOf(
  { settings, logger }: ComposeOptions,
  clock: Clock,
  { properties }: AppParts,
): readonly PropertiesFile[] {
  const path = settings.clusterProperties ?? join(settings.dataDir, 'cluster-properties.txt');
  return dialects.flatMap(({ manifest }) =>
    manifest.properties === undefined
      ? []
      : [createPropertiesFile({ path, dialect: manifest.id, known: manifest.properties, properties, clock, logger })],
  );
}

/** The dialects that have an API of their own. */
function vendorApis(): readonly VendorApi[] {
  return dialects.flatMap(({ manifest, manage, presentError }) =>
    manage === undefined
      ? []
      : [{ dialect: manifest.id, routes: manage, ...(presentError === undefined ? {} : { presentError }) }],
  );
}

/** What this process is to others on its store. */
function roleOf({ run, settings }: Pick<ServerOptions, 'run' | 'settings'>): MemberRole {
  if (run === 'worker' && !settings.startPaused) return 'worker';
  // One that is paused takes no shards that it would not serve.
  return settings.engine === 'off' || settings.startPaused ? 'api' : 'serve';
}

function nothing(): Promise<void> {
  return Promise.resolve();
}

type Rooms = ReturnType<typeof makeRooms>;

/** The implementations. */
function makeRooms(options: ComposeOptions) {
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
    policy: { allowedTargets: settings.allowedTargets, deniedTargets: settings.deniedTargets },
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
    blobs: chooseBlobs(settings, { clock, random, logger }),
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

function appDeps(
  { settings, sources = {}, logger, vault }: ComposeOptions,
  rooms: Rooms,
  { place, signals }: { readonly place: Place; readonly signals: Signals },
): AppDeps {
  return {
    ...rooms,
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

function makeEngine({ settings, logger }: ComposeOptions, rooms: Rooms, parts: AppParts): Engine {
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

/** Messages that are made or sent apart from any lane. */
function besideTheLanes(
  rooms: Rooms,
  log: EngineLog,
  live: (event: EngineEvent) => void,
): Pick<AppDeps, 'preview' | 'signAnew' | 'tryOnce'> {
  const { dialects, transports, storage, clock, random, version } = rooms;
  const sending = { dialects, transports: transports.byKind, userAgent: userAgentOf(version) };
  const signer = createSigner(rooms.signingKeys);
  const tryOnce = createTryOnce({ ...sending, storage, signer, clock, random, log });
  return {
    preview: createPreviewer(sending),
    signAnew: createSignAnew({ ...sending, signer }),
    async tryOnce(input) {
      const tried = await tryOnce(input);
      if (tried !== null) {
        const { delivery, attempt } = tried;
        const { dialect } = input.current.webhook;
        live({ kind: 'attempted', delivery, dialect, startedAtMs: attempt.startedAtMs });
      }
      return tried;
    },
  };
}

/** Where the SNS URL is a host of its own, what is asked of that host is what lies below the mount. */
function snsHostMount({ snsUrl, publicUrl }: Settings): Pick<ApiSettings, 'hostMounts'> {
  const url = snsUrl === null ? null : new URL(snsUrl);
  const ours = publicUrl === null ? null : new URL(publicUrl).host;
  if (url === null || url.pathname !== '/' || url.host === ours) return {};
  return { hostMounts: new Map([[url.host, `/${snsPlace.dialect}${snsPlace.path}`]]) };
}

/** How we name ourselves to receivers. */
function userAgentOf(version: string): string {
  return `Assetwire/${version}`;
}

function apiSettings({ settings, certificate, run }: ComposeOptions): ApiSettings {
  const { host, port, publicUrl, uploadBytesMax, inboxTlsPort, trustedProxies, metricsOpen, dialectListen } = settings;
  const always = {
    host,
    port,
    ...(publicUrl === null ? {} : { publicUrl }),
    version: readVersion(),
    uploadBytesMax,
    trustedProxies,
    metricsOpen,
  };
  if (run === 'worker') return { ...always, only: 'operation' };
  return {
    ...always,
    dialectListen,
    ...snsHostMount(settings),
    inboxTls: {
      certificatePem: certificate.certPem,
      keyPem: certificate.keyPem,
      ...(inboxTlsPort === null ? {} : { port: inboxTlsPort }),
    },
  };
}

/** The key of the command line on this machine, made once and kept sealed in the data directory. */
async function localKeyOf({ app, issueKey }: AppParts, dataDir: string, vault: Vault): Promise<string> {
  const kept = readCredentials(dataDir, vault)?.key ?? null;
  if (kept !== null && (await app.keys.authenticate(kept, undefined)) !== null) return kept;
  return issueKey({ name: localKeyName, admin: true, scopes: [...scopes] });
}

function readVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown';
}

/**
 * The only file that names implementations: it makes the parts, tells them of each other, and starts and stops them in
 * order. `startServer` is what `serve` and `demo` run; `compose` is what tests and other hosts may take apart.
 */
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ApiAddress, ApiServer } from './api/api.ts';
import { createApiServer } from './api/server.ts';
import type { App } from './app/app.ts';
import { type AppParts, createApp } from './app/create-app.ts';
import { localKeyName } from './app/keys.ts';
import { createUpkeep } from './app/upkeep.ts';
import { scopes } from './app/app.ts';
import type { Blobs } from './blobs/blobs.ts';
import { createDiskBlobs } from './blobs/disk/disk-blobs.ts';
import { AssetwireError } from './core/errors.ts';
import { createIdSource } from './core/id-source.ts';
import type { JsonObject } from './core/json.ts';
import type { Dialect } from './dialects/dialect.ts';
import { standardDialect } from './dialects/standard/index.ts';
import { createEgress, type Egress } from './egress/egress.ts';
import { createInboxCertificate, type InboxCertificate } from './egress/self-signed.ts';
import { weakenedTls } from './egress/tls-identity.ts';
import { createEngine } from './engine/create-engine.ts';
import type { Engine, EngineEvent } from './engine/engine.ts';
import type { EngineLog } from './engine/engine-deps.ts';
import { createFlightFile } from './engine/flight-file.ts';
import { createSoleOwnership } from './engine/ownership.ts';
import { createSigner } from './engine/signer.ts';
import { createMedia } from './media/child-media.ts';
import { type Clock, systemClock } from './runtime/clock.ts';
import { describeSettings, type Settings } from './runtime/configuration.ts';
import { readCredentials, writeCredentials } from './runtime/credentials.ts';
import { openDataDirectory, readFileIfPresent, writeFileAtomically } from './runtime/data-directory.ts';
import type { Logger } from './runtime/logger.ts';
import type { LogSink } from './runtime/log-sink.ts';
import { createMetrics, type Metrics } from './runtime/metrics.ts';
import { createSystemRandom, type Random } from './runtime/random.ts';
import { systemTurn } from './runtime/turn.ts';
import type { Vault } from './runtime/vault.ts';
import { openVault } from './runtime/vault-key.ts';
import { inspectFile } from './storage/sqlite/inspect-file.ts';
import { lockFile } from './storage/sqlite/lock.ts';
import { createSqliteStorage } from './storage/sqlite/sqlite-storage.ts';
import type { Storage } from './storage/storage.ts';
import { createHttpTransport } from './transports/http/http-transport.ts';
import type { Transport } from './transports/transport.ts';

const databaseName = 'assetwire.db';
const linkLifetimeMs = 30 * 24 * 3_600_000;

/** What a server is started with. */
export type ServerOptions = {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly sink?: LogSink;
};

/** A server that runs; `stop` ends it in order and resolves when nothing of it is left. */
export type StartedServer = {
  readonly url: string;
  readonly publicUrl: string;
  readonly inboxTlsUrl: string | null;
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
  openDataDirectory(settings.dataDir);
  const { vault } = openVault({ dataDir: settings.dataDir, keys: settings.encryptionKey });
  const certificate = await inboxCertificate(settings, systemClock.nowMs());
  const composition = compose({ ...options, vault, certificate });
  const address = await composition.start();
  try {
    const { parts, engine, storage } = composition;
    const firstAdminKey = await parts.bootstrap();
    const localKey = await localKeyOf(parts, settings.dataDir, vault);
    writeCredentials(settings.dataDir, vault, { url: address.url, key: localKey });
    return {
      url: address.url,
      publicUrl: address.publicUrl,
      inboxTlsUrl: address.tlsUrl,
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

/** Looks at the store of a data directory without changing it; null where there is none yet. */
export async function checkStore(
  dataDir: string,
): Promise<{ readonly state: 'ok' | 'in-use' | 'broken'; readonly detail: string } | null> {
  const file = join(dataDir, databaseName);
  if (!existsSync(file)) return null;
  try {
    lockFile(file).release();
  } catch (error) {
    if (!(error instanceof AssetwireError)) throw error;
    return { state: error.message.includes('in use') ? 'in-use' : 'broken', detail: error.message };
  }
  try {
    inspectFile(file);
    return { state: 'ok', detail: 'The store is whole and can be read by this version' };
  } catch (error) {
    if (!(error instanceof AssetwireError)) throw error;
    return { state: 'broken', detail: error.message };
  }
}

export type ComposeOptions = ServerOptions & {
  readonly vault: Vault;
  readonly certificate: InboxCertificate;
  readonly clock?: Clock;
  readonly random?: Random;
};

export function compose(options: ComposeOptions): Composition {
  const { settings, logger, vault, certificate, clock = systemClock, random = createSystemRandom() } = options;
  const version = readVersion();
  const metrics = createMetrics();
  const ids = createIdSource({ nowMs: () => clock.nowMs(), randomBytes: (count) => random.bytes(count) });
  const dialects: ReadonlyMap<string, Dialect> = new Map(
    [standardDialect].map((dialect) => [dialect.manifest.id, dialect]),
  );
  const storage = createSqliteStorage({
    file: join(settings.dataDir, databaseName),
    clock,
    random,
    logger: { error: (fields, message) => logger.error(message, { ...fields }) },
    options: { keepMs: settings.retentionDays * 24 * 3_600_000 },
  });
  const files = join(settings.dataDir, 'files');
  const blobs = createDiskBlobs({ directory: files });
  const media = createMedia({ clock, readable: [files] });
  const egress = createEgress({ clock, random, policy: { allowedTargets: settings.allowedTargets } });
  for (const warning of weakenedTls(process.env)) logger.warn('egress', { warning });
  const http = createHttpTransport({ egress, clock });
  const place: Place = { address: null };
  const signals: { engine: Engine | null; running: boolean } = { engine: null, running: false };

  const parts = createApp({
    storage,
    soleWriter: true,
    dialects,
    blobs,
    media,
    egress,
    vault,
    clock,
    random,
    ids,
    logger,
    metrics,
    engine: {
      offer: (tasks) => signals.engine?.offer(tasks),
      webhookChanged: (workspaceId, webhookId) => signals.engine?.webhookChanged(workspaceId, webhookId),
      dutyOffered: () => signals.engine?.dutyOffered(),
      running: () => signals.running,
    },
    settings: {
      publicUrl: () => settings.publicUrl ?? place.address?.publicUrl ?? '',
      inboxUrl: () => inboxUrl(settings, place, 'http'),
      inboxTlsUrl: () => inboxUrl(settings, place, 'https'),
      uploadBytesMax: settings.uploadBytesMax,
      adminKey: settings.adminKey,
      linkLifetimeMs,
      shown: shownSettings(settings),
    },
  });
  const engine = createEngine({
    storage,
    dialects,
    transports: new Map([[http.kind, http]]),
    care: parts.care,
    dutyHandlers: parts.duties,
    ownership: createSoleOwnership(storage),
    flights: createFlightFile(join(settings.dataDir, 'flights.bin')),
    signer: createSigner(),
    links: parts.links,
    clock,
    random,
    endOfTurn: systemTurn,
    log: engineLog(logger),
    onEvent: (event) => {
      countAttempt(metrics, event);
      parts.onEngineEvent(event);
    },
    options: { userAgent: `Assetwire/${version}`, stopDeadlineMs: settings.shutdownSeconds * 1_000 },
  });
  signals.engine = engine;
  const api = createApiServer({
    app: parts.app,
    settings: {
      host: settings.host,
      port: settings.port,
      ...(settings.publicUrl === null ? {} : { publicUrl: settings.publicUrl }),
      version,
      uploadBytesMax: settings.uploadBytesMax,
      inboxTls: {
        certificatePem: certificate.certPem,
        keyPem: certificate.keyPem,
        ...(settings.inboxTlsPort === null ? {} : { port: settings.inboxTlsPort }),
      },
    },
    clock,
    ids,
    logger,
    metrics,
  });
  readGauges(metrics, { storage, engine, http, sink: options.sink ?? null });
  const upkeep = createUpkeep({ storage, clock, logger });

  // In this order up, in the opposite order down: what others stand on comes first and goes last.
  const steps: readonly Step[] = [
    { start: () => storage.start(), stop: () => storage.stop() },
    { start: () => blobs.start(), stop: () => blobs.stop() },
    { start: () => media.start(), stop: () => media.stop() },
    { start: () => http.start(), stop: () => http.stop() },
    { start: () => parts.app.start(), stop: () => parts.app.stop() },
    {
      start: async () => {
        const address = await api.start();
        place.address = address;
        openInbox(egress, settings, address, certificate);
      },
      // The listeners close with the first step of a stop, below; a second call waits for the same end.
      stop: () => api.stop(),
    },
    {
      start: async () => {
        await engine.start();
        signals.running = true;
      },
      stop: async () => {
        signals.running = false;
        await engine.stop();
      },
    },
    { start: () => upkeep.start(), stop: () => upkeep.stop() },
  ];
  const lifecycle = inOrder(steps, () => metrics.stop());

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
    },
  };
}

/** Where the server listens, once it does. */
type Place = { address: ApiAddress | null };
type Step = { start(): Promise<unknown>; stop(): Promise<unknown> };

function inOrder(steps: readonly Step[], end: () => void) {
  const started: Step[] = [];
  let stopping: Promise<void> | null = null;
  const stopAll = async (): Promise<void> => {
    for (let step = started.pop(); step !== undefined; step = started.pop()) await step.stop();
    end();
  };
  const stop = (): Promise<void> => {
    stopping ??= stopAll();
    return stopping;
  };
  return {
    stop,
    async start() {
      try {
        for (const step of steps) {
          started.push(step);
          await step.start();
        }
      } catch (error) {
        await stop();
        throw error;
      }
    },
  };
}

/** The host that webhooks reach our inbox at, as the guard's exception and inbox URLs both name it. */
function inboxHost({ host }: Settings): string {
  return host === '0.0.0.0' || host === '::' || host === 'localhost' ? '127.0.0.1' : host;
}

function inboxUrl(settings: Settings, { address }: Place, scheme: 'http' | 'https'): string {
  const host = inboxHost(settings);
  const port = scheme === 'http' ? address?.port : address?.tlsPort;
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port ?? 0}`;
}

/** Our own ports are shut to webhooks, but for POST below /inbox/. */
function openInbox(
  egress: Egress,
  settings: Settings,
  { port, tlsPort }: ApiAddress,
  certificate: InboxCertificate,
): void {
  egress.setOwnPorts(tlsPort === null ? [port] : [port, tlsPort]);
  egress.setInbox({
    address: inboxHost(settings),
    port,
    ...(tlsPort === null ? {} : { tlsPort, caPem: certificate.certPem }),
  });
}

const certificateFile = 'inbox-certificate.pem';
const certificateKeyFile = 'inbox-key.pem';
/** A certificate with less time left than this is made anew at the next start. */
const certificateLeftMs = 30 * 24 * 3_600_000;

/** The inbox's own certificate: made at the first start, kept in the data directory with mode 0600. */
async function inboxCertificate(settings: Settings, nowMs: number): Promise<InboxCertificate> {
  const certPath = join(settings.dataDir, certificateFile);
  const keyPath = join(settings.dataDir, certificateKeyFile);
  const certPem = readFileIfPresent(certPath);
  const keyPem = readFileIfPresent(keyPath);
  if (certPem !== null && keyPem !== null && fits(certPem, inboxHost(settings), nowMs)) return { certPem, keyPem };
  const made = await createInboxCertificate({ hosts: [inboxHost(settings)], nowMs });
  writeFileAtomically(keyPath, made.keyPem);
  writeFileAtomically(certPath, made.certPem);
  return made;
}

function fits(certPem: string, host: string, nowMs: number): boolean {
  try {
    const certificate = new X509Certificate(certPem);
    const named = certificate.checkIP(host) ?? certificate.checkHost(host);
    return named !== undefined && Date.parse(certificate.validTo) - nowMs > certificateLeftMs;
  } catch {
    // Unreadable is as good as none: another one is made.
    return false;
  }
}

/** The key of the command line on this machine, made once and kept sealed in the data directory. */
async function localKeyOf({ app, issueKey }: AppParts, dataDir: string, vault: Vault): Promise<string> {
  const kept = readCredentials(dataDir, vault)?.key ?? null;
  if (kept !== null && (await app.keys.authenticate(kept, undefined)) !== null) return kept;
  return issueKey({ name: localKeyName, admin: true, scopes: [...scopes] });
}

function shownSettings(settings: Settings): JsonObject {
  return Object.fromEntries(describeSettings({ settings, sources: {} }).map(({ name, value }) => [name, value]));
}

function engineLog(logger: Logger): EngineLog {
  return {
    info: (fields, message) => logger.info('engine', { ...fields, message }),
    warn: (fields, message) => logger.warn('engine', { ...fields, message }),
    error: (fields, message) => logger.error('engine', { ...fields, message }),
  };
}

function countAttempt(metrics: Metrics, { delivery, dialect, acceptedToFirstByteMs }: EngineEvent): void {
  metrics.attempted(dialect, delivery.lastOutcome ?? 'unknown', delivery.lastDurationMs ?? 0);
  if (delivery.state !== 'pending' && delivery.state !== 'held') metrics.ended(dialect, delivery.state);
  if (acceptedToFirstByteMs !== undefined) metrics.acceptedToFirstByte(acceptedToFirstByteMs);
}

function readGauges(
  metrics: Metrics,
  { storage, engine, http, sink }: { storage: Storage; engine: Engine; http: Transport; sink: LogSink | null },
): void {
  metrics.onScrape(async () => {
    const { waiting, state } = storage.health();
    const { lanes, lanesActive, inFlight, waitingInMemory } = engine.stats();
    const backlog = await storage.read.backlog(null);
    const oldestAtMs = Math.min(...backlog.map((row) => row.oldestAtMs));
    return {
      pending: backlog.reduce((sum, row) => sum + row.pending, 0),
      oldestPendingMs: backlog.length === 0 ? 0 : Math.max(0, systemClock.nowMs() - oldestAtMs),
      storageWaiting: waiting,
      storageState: state,
      lanes,
      lanesActive,
      inFlight,
      waitingInMemory,
      connectionsOpen: http.stats().connectionsOpen,
      ...(sink === null ? {} : { logLinesDropped: sink.dropped() }),
    };
  });
}

function readVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
  return typeof parsed === 'object' && parsed !== null && 'version' in parsed ? String(parsed.version) : 'unknown';
}

/** The use cases over a real store in memory, with held time and an engine that only listens. */
import { Readable } from 'node:stream';
import { hash } from 'node:crypto';
import { createIdSource } from '../../core/id-source.ts';
import type { Mailer } from '../../core/mail.ts';
import type { Change } from '../../core/change.ts';
import type { Dialect } from '../../dialects/dialect.ts';
import { standardDialect } from '../../dialects/standard/index.ts';
import { createEgress } from '../../egress/egress.ts';
import type { Blobs } from '../../blobs/blobs.ts';
import { createPreviewer } from '../../engine/preview.ts';
import { createSigner } from '../../engine/signer.ts';
import { createSignAnew } from '../../engine/sign-anew.ts';
import { createTryOnce } from '../../engine/try-once.ts';
import type { Media } from '../../media/media.ts';
import { noFilms } from '../../media/testing/no-films.ts';
import { type Clock, systemClock } from '../../runtime/clock.ts';
import { silentLogger } from '../../runtime/logger.ts';
import { createRsaThread } from '../../runtime/rsa-thread.ts';
import { createSystemRandom } from '../../runtime/random.ts';
import { createFileFetcher } from '../../transports/http/fetch-file.ts';
import { createVault } from '../../runtime/vault.ts';
import type { OutgoingMessage, Transport } from '../../transports/transport.ts';
import { createSqliteStorage } from '../../storage/sqlite/sqlite-storage.ts';
import type { Duty } from '../../storage/contract/duties.ts';
import type { DeliveryTask } from '../../storage/contract/lanes.ts';
import type { Storage } from '../../storage/storage.ts';
import { type Caller, type ReportedChange, type ReportResult, scopes, type WebhookInput } from '../app.ts';
import { type AppParts, createApp } from '../create-app.ts';
import type { AppDeps } from '../dependencies.ts';
import { createKeySigner } from '../key-signer.ts';

const silentLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

export type HeldClock = Clock & { advance(ms: number): void };

/** Time that moves only when told; timers fire in `advance`. */
export function holdClock(startMs = Date.UTC(2026, 10, 22, 12)): HeldClock {
  let nowMs = startMs;
  const timers = new Set<{ readonly atMs: number; readonly fire: () => void }>();
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    timer(delayMs, fire) {
      const timer = { atMs: nowMs + delayMs, fire };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    advance(ms) {
      nowMs += ms;
      for (const timer of [...timers]) {
        if (timer.atMs > nowMs) continue;
        timers.delete(timer);
        timer.fire();
      }
    },
  };
}

export type Fixture = AppParts & {
  readonly storage: Storage;
  readonly clock: HeldClock;
  /** What the engine was offered, in order. */
  readonly offered: DeliveryTask[];
  readonly deps: AppDeps;
  /** What left beside the engine: test sends. */
  readonly sent: readonly OutgoingMessage[];
  /** Another process over the same store: its own caches, its own engine. */
  another(): Promise<Fixture>;
  /** Does every duty that is due, as the engine would; answers how many. */
  doDuties(): Promise<number>;
  pendingDuties(): Promise<readonly Duty[]>;
  doDuty(duty: Duty): Promise<void>;
  stop(): Promise<void>;
};

export type FixtureOptions = {
  readonly storage?: Storage;
  readonly clock?: HeldClock;
  readonly dialects?: readonly Dialect[];
  readonly media?: Media;
  readonly blobs?: Blobs;
  /** Watched where given: mostly the same as `blobs`. */
  readonly files?: AppDeps['files'];
  readonly adminKey?: string;
  readonly mailer?: Mailer;
  /** Silent where absent. */
  readonly logger?: AppDeps['logger'];
  /** Default false: tests may open another process over the same store. */
  readonly soleWriter?: boolean;
  readonly wrap?: (storage: Storage) => Storage;
  /** The status that a test send is answered with; a promise holds it back. Default 200. */
  readonly receive?: () => number | Promise<number>;
};

export async function createFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const clock = options.clock ?? holdClock();
  const random = createSystemRandom();
  const made = options.storage ?? createSqliteStorage({ file: ':memory:', clock });
  if (options.storage === undefined) await made.start();
  const storage = options.wrap?.(made) ?? made;
  const offered: DeliveryTask[] = [];
  const dialects = options.dialects ?? [standardDialect];
  const sent: OutgoingMessage[] = [];
  const sending = {
    dialects: new Map(dialects.map((dialect) => [dialect.manifest.id, dialect])),
    transports: new Map([['http' as const, receivingTransport(sent, () => options.receive?.() ?? 200)]]),
    userAgent: 'Assetwire/test',
  };
  const egress = createEgress({ clock, random, policy: { allowedTargets: ['127.0.0.0/8'] } });
  const vault = createVault([vaultKey]);
  const signingKeys = createKeySigner({ storage, vault, clock, thread: createRsaThread() });
  const deps: AppDeps = {
    storage,
    soleWriter: options.soleWriter ?? false,
    dialects: new Map(dialects.map((dialect) => [dialect.manifest.id, dialect])),
    blobs: options.blobs ?? memoryBlobs(),
    ...(options.files === undefined ? {} : { files: options.files }),
    media: options.media ?? stillMedia(),
    egress,
    fetchFile: createFileFetcher({ egress, clock: systemClock, userAgent: 'Assetwire/test' }),
    vault,
    clock,
    pacing: systemClock,
    random,
    ids: createIdSource({ nowMs: () => clock.nowMs(), randomBytes: (count) => random.bytes(count) }),
    logger: options.logger ?? silentLogger,
    settings: {
      publicUrl: () => 'http://127.0.0.1:8484',
      inboxUrl: () => 'http://127.0.0.1:8484',
      inboxTlsUrl: () => 'https://127.0.0.1:8485',
      uploadBytesMax: 10 * 1024 * 1024,
      adminKey: options.adminKey ?? null,
      linkLifetimeMs: 30 * 24 * 3_600_000,
      process: [],
    },
    mailer: options.mailer ?? null,
    signingKeys,
    // A hash as dear as in earnest would make every test of sign-in wait for it.
    passwordCost: { N: 2 ** 10, r: 8, p: 1 },
    preview: createPreviewer(sending),
    tryOnce: createTryOnce({ ...sending, storage, signer: createSigner(signingKeys), clock, random, log: silentLog }),
    signAnew: createSignAnew({ ...sending, signer: createSigner(signingKeys) }),
    engine: {
      offer: (tasks) => void offered.push(...tasks),
      webhookChanged: () => undefined,
      dutyOffered: () => undefined,
      running: () => true,
    },
  };
  const parts = createApp(deps);
  await parts.app.start();
  const pendingDuties = async (): Promise<readonly Duty[]> =>
    (await storage.duties({ nowMs: clock.nowMs(), limit: 100 })).duties;
  const doDuty = async (duty: Duty): Promise<void> => parts.duties[duty.kind]?.(duty, new AbortController().signal);
  return {
    ...parts,
    storage,
    doDuty,
    clock,
    offered,
    deps,
    sent,
    pendingDuties,
    another: () => createFixture({ ...options, storage: made, clock }),
    async doDuties() {
      let done = 0;
      for (let round = 0; round < 1_000; round += 1) {
        const due = await pendingDuties();
        if (due.length === 0) return done;
        for (const duty of due) {
          await doDuty(duty);
          done += 1;
        }
      }
      throw new Error('Duties do not end');
    },
    stop: () => made.stop(),
  };
}

const vaultKey = new Uint8Array(32).fill(7);

export function callerIn(workspaceId: string, given: Partial<Caller> = {}): Caller {
  return {
    workspaceId,
    actor: { type: 'key', id: 'key_test', name: 'Test' },
    keyId: 'key_test',
    scopes: new Set(scopes),
    admin: false,
    ...given,
  };
}

export const caller = callerIn('default');

export function webhookInput(given: Partial<WebhookInput> = {}): WebhookInput {
  return {
    name: 'Shop',
    dialect: 'standard',
    target: { transport: 'http', url: 'https://shop.example/hooks' },
    events: ['*'],
    ...given,
  };
}

export function metadataChange(
  externalId: string,
  status: string,
  given: Partial<ReportedChange> = {},
): ReportedChange {
  return {
    kind: 'asset.metadata_changed',
    subject: { type: 'asset', externalId },
    after: { name: `${externalId}.jpg`, metadata: { status } },
    ...given,
  };
}

/** Reports one change and answers its result. */
export async function report(fixture: Fixture, change: ReportedChange, by: Caller = caller): Promise<ReportResult> {
  const { body } = await fixture.app.changes.report(by, [change]);
  const [result] = body.results;
  if (result === undefined) throw new Error('A report must have a result');
  return result;
}

/** Every change of a workspace in order of commit. */
export async function allChanges(fixture: Fixture, workspaceId = 'default'): Promise<readonly Change[]> {
  const { changes } = await fixture.storage.read.feed({ workspaceId, cursor: null, limit: 1_000 });
  return changes;
}

export async function allDeliveries(fixture: Fixture, workspaceId = 'default') {
  const page = await fixture.storage.read.deliveries({ workspaceId, limit: 1_000, order: 'oldest' });
  return page.items;
}

export function memoryBlobs(): Blobs {
  const stored = new Map<string, Buffer>();
  return {
    start: async () => undefined,
    async put(workspaceId, content) {
      const chunks: Buffer[] = [];
      for await (const chunk of content) chunks.push(Buffer.from(chunk as Uint8Array));
      const bytes = Buffer.concat(chunks);
      const sha256 = hash('sha256', bytes, 'hex');
      stored.set(`${workspaceId} ${sha256}`, bytes);
      return {
        blob: sha256,
        bytes: bytes.length,
        sha256,
        sha1: hash('sha1', bytes, 'hex'),
        md5: hash('md5', bytes, 'hex'),
        head: bytes.subarray(0, 4_100),
      };
    },
    async open(workspaceId, blob, range) {
      const bytes = stored.get(`${workspaceId} ${blob}`);
      if (bytes === undefined) return null;
      return Readable.from([range === undefined ? bytes : bytes.subarray(range.from, range.to + 1)]);
    },
    localPath: (_, blob) => `/nowhere/${blob}`,
    async stat(workspaceId, blob) {
      const bytes = stored.get(`${workspaceId} ${blob}`);
      return bytes === undefined ? null : { bytes: bytes.length };
    },
    release: () => undefined,
    async remove(workspaceId, blob, isUsed) {
      if (isUsed !== undefined && (await isUsed())) return 'used';
      stored.delete(`${workspaceId} ${blob}`);
      return 'removed';
    },
    reclaim: async () => 0,
    removeAll: async () => undefined,
    sweep: async () => 0,
    stop: async () => undefined,
  };
}

function stillMedia(): Media {
  return {
    start: async () => undefined,
    sniff: async () => ({ mimeType: 'image/jpeg', kind: 'image' }),
    inspect: async () => ({ kind: 'inspected', facts: { mimeType: 'image/jpeg', widthPx: 40, heightPx: 30 } }),
    // What it says of renditions is for tests that ask: these would add a duty and a change to every upload.
    derivable: () => false,
    ...noFilms,
    derive: async () => ({ kind: 'failed', code: 'unsupported', note: 'none are made here' }),
    stop: async () => undefined,
  };
}

function receivingTransport(sent: OutgoingMessage[], receive: () => number | Promise<number>): Transport {
  return {
    kind: 'http',
    start: async () => undefined,
    async send(message) {
      sent.push(message);
      const status = await receive();
      const body = new TextEncoder().encode('ok');
      return {
        kind: 'response',
        response: { status, headers: [], body, bodyBytes: body.length, bodyComplete: true },
        timing: { startedAtMs: 0, totalMs: 1 },
      };
    },
    forget: () => undefined,
    stats: () => ({ connectionsOpen: 0, requestsInFlight: 0, pools: 0 }),
    stop: async () => undefined,
  };
}

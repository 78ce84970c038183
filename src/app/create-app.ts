/** Puts the use cases together. Read committer.ts first: everything that writes goes through it. */
import { AssetwireError } from '../core/errors.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { Change } from '../core/change.ts';
import type { WebhookId } from '../core/ids.ts';
import type { DutyHandlers, EngineEvent, WebhookCare } from '../engine/engine.ts';
import type { App } from './app.ts';
import { createPushMany } from './asset-push-batch.ts';
import { createAssets } from './assets.ts';
import { createTrash } from './asset-trash.ts';
import { isBlobUsed } from './blob-uses.ts';
import type { LiveStreams } from './broadcast-stream.ts';
import { createBroadcasts } from './broadcasts.ts';
import { createChanges } from './changes.ts';
import { createCollections } from './collections.ts';
import { createComments } from './comments.ts';
import { createClosedWorkspaces } from './closed-workspaces.ts';
import { createCommitter } from './committer.ts';
import { createDeliveries } from './deliveries.ts';
import { createDialectProperties, type DialectProperties } from './dialect-properties.ts';
import type { AppDeps } from './dependencies.ts';
import { createBroadcastDuty } from './duty-broadcast.ts';
import { createCancelDuty } from './duty-cancel.ts';
import { createEraseWorkspaceDuty } from './duty-erase-workspace.ts';
import { createDryRuns } from './dry-run.ts';
import { createClipDuty } from './duty-clip.ts';
import { createDeriveDuty } from './duty-derive.ts';
import { createErasureDuty } from './duty-erasure.ts';
import { createErasures } from './erasures.ts';
import { createEraseDuty } from './duty-erase.ts';
import { createExportDuty } from './duty-export.ts';
import { createExports } from './exports.ts';
import { createExpandDuty } from './duty-expand.ts';
import { beginHousekeeping, createHousekeepingDuty } from './duty-housekeeping.ts';
import { createFolders } from './folders.ts';
import { createGatherDuty } from './duty-gather.ts';
import { createInspectDuty } from './duty-inspect.ts';
import { createNotifyDuty } from './duty-notify.ts';
import { createOutboxDuty } from './duty-outbox.ts';
import { createReplayDuty } from './duty-replay.ts';
import { createTimerDuty } from './duty-timer.ts';
import { grantedAssets } from './granted-assets.ts';
import { grantedCollections, grantedFolders, grantedTasks } from './granted-folders.ts';
import { grantedTrash } from './granted-trash.ts';
import { createGrants } from './grants.ts';
import { createIdempotentCalls } from './idempotency.ts';
import { createInboxes, type Inboxes } from './inboxes.ts';
import { createKeys, type Keys } from './keys.ts';
import { createLibraries } from './libraries.ts';
import { createLinkKey } from './link-key.ts';
import { createLinkMaker, type LinkMaker } from './links.ts';
import { createLive } from './live.ts';
import { createMatching } from './matching.ts';
import { createMetadataFields } from './metadata-fields.ts';
import { createImportDuty } from './duty-import.ts';
import { createFetches } from './fetches.ts';
import { createMetadataDuty } from './duty-metadata.ts';
import { createMetadataMappings } from './metadata-work.ts';
import { createMetadataSets } from './metadata-sets.ts';
import { createNotices, type Notice, raiseNotice } from './notices.ts';
import { createOperation } from './operation.ts';
import { createPasswordLinks } from './password-links.ts';
import { createPasswords } from './passwords.ts';
import { createPause } from './pause.ts';
import { createPlaces } from './places.ts';
import { createQuotas } from './quotas.ts';
import { setupOf, targetNamed } from './receiver-setup.ts';
import { createReplays } from './replays.ts';
import { resealAll } from './reseal.ts';
import { createRoles } from './roles.ts';
import { createJobs } from './jobs.ts';
import { createNoticeDays } from './notice-days.ts';
import { createSections } from './sections.ts';
import { createSessions } from './sessions.ts';
import { createSigningKeys } from './signing-keys.ts';
import { createSignInThrottle } from './sign-in-throttle.ts';
import { createShareLinkDuty } from './duty-share-link.ts';
import { createShareLinks } from './share-links.ts';
import { createShareUses } from './share-uses.ts';
import { createShareVisits } from './share-visits.ts';
import { createSpace } from './space.ts';
import { createStats } from './stats.ts';
import { createClockWatch } from './clock-watch.ts';
import { createStorageWatch } from './storage-watch.ts';
import { createSyncDuty } from './duty-sync.ts';
import { createSyncs } from './syncs.ts';
import { createTasks } from './tasks.ts';
import { createNeverAsked } from './never-asked.ts';
import { createTransportChecks } from './transport-checks.ts';
import { createTurns } from './turns.ts';
import { createUsers } from './users.ts';
import { removeWebhook } from './webhook-update.ts';
import { createWebhookCare } from './webhook-care.ts';
import { createConsents } from './webhook-consents.ts';
import { createHandshakes, type Handshakes } from './webhook-handshake.ts';
import { createInputChecks } from './webhook-input.ts';
import { createWebhookSwitch, type WebhookSwitch } from './webhook-switch.ts';
import { createWebhookViews } from './webhook-views.ts';
import { createWebhooks } from './webhooks.ts';
import { createSettings, withWebhookDefaults } from './workspace-settings.ts';
import { createWorkspaces } from './workspaces.ts';

/** The app as callers see it, and what compose wires to the engine and the terminal. */
export type AppParts = {
  readonly app: App;
  readonly care: WebhookCare;
  /** For the file that a vendor's server is set up with. */
  readonly properties: Pick<DialectProperties, 'applyFile'>;
  readonly duties: DutyHandlers;
  readonly links: LinkMaker;
  /** What the engine tells while it works, for live pages. */
  readonly onEngineEvent: (event: EngineEvent) => void;
  /** The first admin key, at the first start only; see `Keys.bootstrap`. */
  readonly bootstrap: Keys['bootstrap'];
  readonly issueKey: Keys['issue'];
  readonly issueSignInToken: () => string;
  /** Stores a notice for the people of a workspace and tells it on. */
  readonly notify: (workspaceId: string, notice: Notice) => Promise<boolean>;
};

export function createApp(deps: AppDeps): AppParts {
  const { storage } = deps;
  const shared = createShared(deps);
  const { parts, live, closed, linkKey } = shared;
  const quotas = createQuotas(parts);
  const workspaces = createWorkspaces({ ...parts, closed, quotas });
  const keys = createKeys({ ...parts, workspaces });
  const roles = createRoles(parts);
  const people = createPeople(parts, { keys, roles });
  const users = createUsers(people);
  const sessions = createSessions({ ...people, admit: workspaces.admit });
  const inboxes = createInboxes(parts);
  const shareUses = createShareUses(parts);
  const syncs = createSyncs({ ...parts, pushMany: createPushMany(parts) });
  const allAssets = createAssets({ ...parts, blobs: quotas.blobs, quotas, pushMany: syncs.pushMany });
  const assets = grantedAssets(allAssets, parts.clock);
  const watch = createStorageWatch({ ...parts, live });
  const clockWatch = createClockWatch(parts);
  const handshakes = createHandshakes(parts);
  const toggle = createWebhookSwitch({ ...parts, handshakes });
  const views = createWebhookViews(deps);
  const signingKeys = createSigningKeys({ ...parts, signingKeys: deps.signingKeys });
  const care = createWebhookCare({ ...parts, toggle, handshakes });
  const properties = createDialectProperties(parts);

  const app: App = {
    async start() {
      await workspaces.ensureDefault();
      await linkKey.open();
      await resealAll(deps);
      // What was put when the last process ended: kept where its commit had come through.
      await deps.blobs.reclaim((workspaceId, blob) => isBlobUsed(storage, workspaceId, blob));
      await beginHousekeeping(parts);
      watch.start();
    },
    async stop() {
      // What has arrived of live broadcasts is kept before the store closes.
      await Promise.allSettled(parts.streams.values());
      watch.stop();
      await shareUses.flush();
      await deps.mailer?.stop();
    },
    changes: createChanges(parts),
    assets,
    trash: grantedTrash(createTrash(parts)),
    broadcasts: createBroadcasts({ ...parts, blobs: quotas.blobs, assets }),
    metadataFields: createMetadataFields({ ...parts, sets: parts.metadataSets }),
    folders: grantedFolders(createFolders(parts)),
    collections: grantedCollections(createCollections(parts), assets),
    sections: createSections(parts),
    libraries: createLibraries(parts),
    comments: createComments(parts, assets),
    tasks: grantedTasks(createTasks(parts)),
    jobs: createJobs(parts),
    fetches: createFetches(parts),
    metadataMappings: createMetadataMappings(parts),
    syncs: syncs.cases,
    webhooks: withWebhookDefaults(
      storage,
      createWebhooks({ ...parts, views, toggle, care, handshakes, keyMaking: signingKeys }),
    ),
    dryRuns: createDryRuns({ ...parts, care, checks: createInputChecks(deps) }),
    deliveries: createDeliveries({ ...parts, care }),
    replays: createReplays(parts),
    inboxes,
    keys,
    users,
    roles,
    signingKeys,
    consents: createConsents(parts),
    neverAsked: createNeverAsked(parts),
    grants: createGrants({
      ...parts,
      forgetCallers: () => {
        keys.forgetAll();
        sessions.forgetAll();
      },
    }),
    sessions,
    workspaces,
    notices: createNotices(parts),
    settings: createSettings(parts),
    transportChecks: createTransportChecks(parts),
    dialects: createDialects(deps),
    dialectProperties: { list: properties.list, eventsOff: properties.eventsOff, update: properties.update },
    links({ workspaceId }, dialect) {
      const links = parts.links(workspaceId, dialect);
      return links.at?.(deps.clock.nowMs()) ?? links;
    },
    stats: createStats({ ...parts, quotas }),
    exports: createExports(parts),
    erasures: createErasures({ ...parts, users }),
    shareLinks: createShareLinks({ ...parts, passwords: people.passwords }),
    shares: createShareVisits({ ...parts, passwords: people.passwords, throttle: people.throttle, shareUses }),
    operation: { ...createOperation(deps), space: createSpace(deps) },
    live,
  };
  return {
    app,
    care,
    properties,
    duties: createDuties(shared, { toggle, inboxes, assets, handshakes }),
    links: parts.links,
    onEngineEvent(event) {
      clockWatch.heed(event);
      live.attempted(event);
    },
    bootstrap: keys.bootstrap,
    issueKey: keys.issue,
    issueSignInToken: sessions.issueSignInToken,
    notify: (workspaceId, notice) => raiseNotice(parts, workspaceId, { notice }),
  };
}

type Shared = ReturnType<typeof createShared>;

/** What use cases have in common: one way to commit, one to match, one to make links. */
function createShared(deps: AppDeps) {
  const { storage, clock, settings } = deps;
  const live = createLive(deps);
  const matching = createMatching(deps);
  const closed = createClosedWorkspaces(deps);
  const places = createPlaces(deps);
  const told = (workspaceId: string, changes: readonly Change[]): void => {
    deps.metrics?.accepted(workspaceId, changes.length);
    deps.trace?.(changes);
    live.changed(workspaceId);
  };
  const committer = createCommitter({
    storage,
    matching,
    places,
    engine: deps.engine,
    nowMs: () => clock.nowMs(),
    ids: deps.ids,
    soleWriter: deps.soleWriter,
    closed,
    pause: createPause(deps.pacing ?? clock, deps.random),
    committed: told,
  });
  const idempotent = createIdempotentCalls({ storage, nowMs: () => clock.nowMs() });
  const turns = createTurns();
  const linkKey = createLinkKey({ ...deps, committer });
  const links = createLinkMaker({
    publicUrl: settings.publicUrl,
    key: linkKey.bytes,
    lifetimeMs: settings.linkLifetimeMs,
    ...(settings.linkPlaces === undefined ? {} : { places: settings.linkPlaces }),
  });
  const metadataSets = createMetadataSets(deps);
  /** Broadcasts whose bytes this process takes. */
  const streams: LiveStreams = new Map();
  const noticeDays = createNoticeDays({ ...deps, matching });
  const parts = {
    ...deps,
    noticeDays,
    places,
    told,
    committer,
    matching,
    idempotent,
    turns,
    links,
    linkKey: linkKey.bytes,
    metadataSets,
    streams,
  };
  return { parts, live, closed, linkKey };
}

type Parts = Shared['parts'];

/** What users and sessions need beside: passwords, and how often somebody may try. */
function createPeople<Held extends object>(parts: Parts, held: Held) {
  const { random, passwordCost } = parts;
  return {
    ...parts,
    ...held,
    passwords: createPasswords({ random, ...(passwordCost === undefined ? {} : { cost: passwordCost }) }),
    throttle: createSignInThrottle(parts),
    links: createPasswordLinks(parts),
  };
}

function createDialects({ dialects, settings }: AppDeps): App['dialects'] {
  const get = (id: string): Dialect => {
    const dialect = dialects.get(id);
    if (dialect === undefined)
      throw new AssetwireError('not_found', { detail: 'Find the dialect: there is none of this id' });
    return dialect;
  };
  return {
    list: () => [...dialects.values()].map(({ manifest }) => manifest),
    get: (id) => get(id).manifest,
    setup(id, { target, ownKeys }) {
      get(id);
      const credentials = ownKeys
        ? ({ kind: 'aws', accessKeyId: '', secretKeySecret: '' } as const)
        : ({ kind: 'none' } as const);
      return setupOf({ dialects, settings }, { dialect: id, target: targetNamed(target), credentials });
    },
  };
}

function createDuties(
  { parts, live, closed }: Shared,
  {
    toggle,
    inboxes,
    assets,
    handshakes,
  }: {
    readonly toggle: WebhookSwitch;
    readonly inboxes: Inboxes;
    readonly assets: App['assets'];
    readonly handshakes: Handshakes;
  },
): DutyHandlers {
  return {
    inspect: createInspectDuty(parts),
    derive: createDeriveDuty(parts),
    broadcast: createBroadcastDuty({ ...parts, assets }),
    clip: createClipDuty(parts),
    erase: createEraseDuty(parts),
    expand: createExpandDuty(parts),
    outbox: createOutboxDuty({ ...parts, changes: createChanges(parts) }),
    replay: createReplayDuty(parts),
    timer: createTimerDuty({
      ...parts,
      toggle,
      removeWebhook: async (workspaceId, id) => {
        await removeWebhook(parts, { workspaceId, actor: { type: 'system', id: 'timer' }, keyId: 'none' }, id);
        parts.matching.outdated(workspaceId);
        parts.engine.webhookChanged(workspaceId, id as WebhookId);
      },
    }),
    export: createExportDuty(parts),
    share_link: createShareLinkDuty(parts),
    erasure: createErasureDuty({ ...parts, forgetInbox: inboxes.forget }),
    cancel: createCancelDuty({ ...parts, toggle }),
    handshake: handshakes.duty,
    erase_workspace: createEraseWorkspaceDuty({ ...parts, closed, live, forgetInbox: inboxes.forget }),
    gather: createGatherDuty(parts),
    import: createImportDuty({ ...parts, assets }),
    metadata: createMetadataDuty(parts),
    sync: createSyncDuty({ ...parts, assets }),
    notify: createNotifyDuty({ ...parts, live }),
    housekeeping: createHousekeepingDuty(parts),
  };
}

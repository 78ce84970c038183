/** Puts the use cases together. Read committer.ts first: everything that writes goes through it. */
import { AssetwireError } from '../core/errors.ts';
import type { Dialect } from '../dialects/dialect.ts';
import type { DutyHandlers, EngineEvent, WebhookCare } from '../engine/engine.ts';
import type { App } from './app.ts';
import { createPushMany } from './asset-push-batch.ts';
import { createAssets } from './assets.ts';
import { createTrash } from './asset-trash.ts';
import { isBlobUsed } from './blob-uses.ts';
import { createBroadcasts } from './broadcasts.ts';
import { createChangeRate } from './change-rate.ts';
import { createChanges } from './changes.ts';
import { createCollections } from './collections.ts';
import { createComments } from './comments.ts';
import { createDuties } from './create-duties.ts';
import { createDeliveries } from './deliveries.ts';
import { createDialectProperties, type DialectProperties } from './dialect-properties.ts';
import type { AppDeps } from './dependencies.ts';
import { createDryRuns } from './dry-run.ts';
import { createErasures } from './erasures.ts';
import { exportsAt, isPartUsed } from './export-parts.ts';
import { createExports } from './exports.ts';
import { beginHousekeeping } from './duty-housekeeping.ts';
import { createFolders } from './folders.ts';
import { grantedAssets } from './granted-assets.ts';
import { grantedCollections, grantedFolders, grantedTasks } from './granted-folders.ts';
import { grantedTrash } from './granted-trash.ts';
import { createGrants } from './grants.ts';
import { createInboxes } from './inboxes.ts';
import { createKeySignInLinks } from './key-sign-in-links.ts';
import { createKeys, type Keys } from './keys.ts';
import { createLibraries } from './libraries.ts';
import type { LinkMaker } from './links.ts';
import { createMetadataFields } from './metadata-fields.ts';
import { createFetches } from './fetches.ts';
import { createMetadataMappings } from './metadata-work.ts';
import { createNotices, type Notice, raiseNotice } from './notices.ts';
import { createOperation } from './operation.ts';
import { createQuotas } from './quotas.ts';
import { setupOf, targetNamed } from './receiver-setup.ts';
import { createReplays } from './replays.ts';
import { resealAll } from './reseal.ts';
import { createRoles } from './roles.ts';
import { createJobs } from './jobs.ts';
import { createSections } from './sections.ts';
import { createSessions } from './sessions.ts';
import { createPeople, createShared } from './shared-parts.ts';
import { createSigningKeys } from './signing-keys.ts';
import { createShareLinks } from './share-links.ts';
import { createShareUses } from './share-uses.ts';
import { createShareVisits } from './share-visits.ts';
import { createSpace } from './space.ts';
import { createStats } from './stats.ts';
import { createClockWatch } from './clock-watch.ts';
import { createFilesWatch } from './files-watch.ts';
import { createStorageWatch } from './storage-watch.ts';
import { createSyncs } from './syncs.ts';
import { createTasks } from './tasks.ts';
import { createNeverAsked } from './never-asked.ts';
import { createTransportChecks } from './transport-checks.ts';
import { createUsers } from './users.ts';
import { createWebhookCare } from './webhook-care.ts';
import { createConsents } from './webhook-consents.ts';
import { createHandshakes } from './webhook-handshake.ts';
import { createInputChecks } from './webhook-input.ts';
import { createWebhookSwitch } from './webhook-switch.ts';
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
  const changeRate = createChangeRate({ ...parts, quotas });
  const workspaces = createWorkspaces({ ...parts, closed, quotas, changeRate });
  const signInLinks = createKeySignInLinks(parts);
  const keys = createKeys({ ...parts, workspaces, signInLinks });
  const roles = createRoles(parts);
  const people = createPeople(parts, { keys, roles });
  const users = createUsers(people);
  const sessions = createSessions({ ...people, admit: workspaces.admit, signInLinks });
  const inboxes = createInboxes(parts);
  const shareUses = createShareUses(parts);
  const syncs = createSyncs({ ...parts, pushMany: createPushMany(parts) });
  const allAssets = createAssets({ ...parts, blobs: quotas.blobs, quotas, pushMany: syncs.pushMany });
  const assets = grantedAssets(allAssets, parts.clock);
  const watch = createStorageWatch({ ...parts, live });
  const clockWatch = createClockWatch(parts);
  const filesWatch = createFilesWatch({
    ...parts,
    // What was put when the last process ended: kept where its commit had come through.
    async reached() {
      await deps.blobs.reclaim((place, blob) => {
        const workspaceId = exportsAt(place);
        return workspaceId === null ? isBlobUsed(storage, place, blob) : isPartUsed(storage, workspaceId, { blob });
      });
    },
  });
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
      await beginHousekeeping(parts);
      await filesWatch.start();
      watch.start();
    },
    async stop() {
      // What has arrived of live broadcasts is kept before the store closes.
      await Promise.allSettled(parts.streams.values());
      watch.stop();
      filesWatch.stop();
      await shareUses.flush();
      await deps.mailer?.stop();
    },
    changes: createChanges(parts),
    changeRate,
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
    keys: {
      ...keys,
      // What was opened with it ends at once here, as the key itself does.
      async revoke(caller, id) {
        await keys.revoke(caller, id);
        sessions.forgetAll();
      },
      async rotate(caller, id, options) {
        const rotated = await keys.rotate(caller, id, options);
        sessions.forgetAll();
        return rotated;
      },
    },
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
    duties: createDuties(shared, { toggle, inboxes, assets, handshakes, quotas }),
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

function createDialects({ dialects, settings, mailer }: AppDeps): App['dialects'] {
  const get = (id: string): Dialect => {
    const dialect = dialects.get(id);
    if (dialect === undefined)
      throw new AssetwireError('not_found', { detail: 'Find the dialect: there is none of this id' });
    return dialect;
  };
  return {
    list: () => [...dialects.values()].map(({ manifest }) => manifest),
    get: (id) => get(id).manifest,
    transportsOff: (id) =>
      get(id).manifest.transports.flatMap((transport) =>
        transport === 'email' && mailer === null ? [{ transport, setting: 'ASSETWIRE_SMTP_URL' }] : [],
      ),
    setup(id, { target, ownKeys }) {
      get(id);
      const credentials = ownKeys
        ? ({ kind: 'aws', accessKeyId: '', secretKeySecret: '' } as const)
        : ({ kind: 'none' } as const);
      return setupOf({ dialects, settings }, { dialect: id, target: targetNamed(target), credentials });
    },
  };
}

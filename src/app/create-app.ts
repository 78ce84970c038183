/** Puts the use cases together. Read committer.ts first: everything that writes goes through it. */
import { AssetwireError } from '../core/errors.ts';
import type { DutyHandlers, EngineEvent, WebhookCare } from '../engine/engine.ts';
import type { App } from './app.ts';
import { createAssets } from './assets.ts';
import { createChanges } from './changes.ts';
import { createCommitter } from './committer.ts';
import { createDeliveries } from './deliveries.ts';
import type { AppDeps } from './dependencies.ts';
import { createCancelDuty } from './duty-cancel.ts';
import { createExpandDuty } from './duty-expand.ts';
import { createInspectDuty } from './duty-inspect.ts';
import { createReplayDuty } from './duty-replay.ts';
import { createIdempotentCalls } from './idempotency.ts';
import { createInboxes } from './inboxes.ts';
import { createKeys, type Keys } from './keys.ts';
import { createLinkKey } from './link-key.ts';
import { createLinkMaker, type LinkMaker } from './links.ts';
import { createLive } from './live.ts';
import { createMatching } from './matching.ts';
import { createMetadataFields } from './metadata-fields.ts';
import { createMetadataSets } from './metadata-sets.ts';
import { createOperation } from './operation.ts';
import { createPause } from './pause.ts';
import { createReplays } from './replays.ts';
import { createSessions } from './sessions.ts';
import { createStats } from './stats.ts';
import { createTurns } from './turns.ts';
import { createWebhookCare } from './webhook-care.ts';
import { createWebhookSwitch } from './webhook-switch.ts';
import { createWebhookViews } from './webhook-views.ts';
import { createWebhooks } from './webhooks.ts';
import { createWorkspaces } from './workspaces.ts';

/** The app as callers see it, and what compose wires to the engine and the terminal. */
export type AppParts = {
  readonly app: App;
  readonly care: WebhookCare;
  readonly duties: DutyHandlers;
  readonly links: LinkMaker;
  /** What the engine tells while it works, for live pages. */
  readonly onEngineEvent: (event: EngineEvent) => void;
  /** The first admin key, at the first start only; see `Keys.bootstrap`. */
  readonly bootstrap: Keys['bootstrap'];
  readonly issueKey: Keys['issue'];
  readonly issueSignInToken: () => string;
};

export function createApp(deps: AppDeps): AppParts {
  const { storage, clock, settings } = deps;
  const live = createLive(deps);
  const matching = createMatching(deps);
  const committer = createCommitter({
    storage,
    matching,
    engine: deps.engine,
    nowMs: () => clock.nowMs(),
    ids: deps.ids,
    soleWriter: deps.soleWriter,
    pause: createPause(deps.pacing ?? clock, deps.random),
    committed: (workspaceId, changes) => {
      deps.metrics?.accepted(changes);
      live.changed(workspaceId);
    },
  });
  const idempotent = createIdempotentCalls({ storage, nowMs: () => clock.nowMs() });
  const turns = createTurns();
  const linkKey = createLinkKey({ ...deps, committer });
  const links = createLinkMaker({
    publicUrl: settings.publicUrl,
    key: linkKey.bytes,
    lifetimeMs: settings.linkLifetimeMs,
  });
  const metadataSets = createMetadataSets(deps);
  const parts = { ...deps, committer, matching, idempotent, turns, links, linkKey: linkKey.bytes, metadataSets };
  const workspaces = createWorkspaces(parts);
  const keys = createKeys({ ...parts, workspaces });
  const sessions = createSessions({ ...parts, keys, admit: workspaces.admit });
  const toggle = createWebhookSwitch(parts);
  const views = createWebhookViews(deps);

  const app: App = {
    async start() {
      await workspaces.ensureDefault();
      await linkKey.open();
    },
    // Nothing of the use cases runs on its own: what is in flight belongs to its callers.
    stop: () => Promise.resolve(),
    changes: createChanges(parts),
    assets: createAssets(parts),
    metadataFields: createMetadataFields({ ...parts, sets: metadataSets }),
    webhooks: createWebhooks({ ...parts, views, toggle }),
    deliveries: createDeliveries(parts),
    replays: createReplays(parts),
    inboxes: createInboxes(parts),
    keys,
    sessions,
    workspaces,
    dialects: {
      list: () => [...deps.dialects.values()].map(({ manifest }) => manifest),
      get(id) {
        const dialect = deps.dialects.get(id);
        if (dialect === undefined)
          throw new AssetwireError('not_found', { detail: 'Find the dialect: there is none of this id' });
        return dialect.manifest;
      },
    },
    stats: createStats(deps),
    operation: createOperation(deps),
    live,
  };
  return {
    app,
    care: createWebhookCare({ ...parts, toggle }),
    duties: {
      inspect: createInspectDuty(parts),
      expand: createExpandDuty(parts),
      replay: createReplayDuty(parts),
      cancel: createCancelDuty({ ...parts, toggle }),
    },
    links,
    onEngineEvent: live.attempted,
    bootstrap: keys.bootstrap,
    issueKey: keys.issue,
    issueSignInToken: sessions.issueSignInToken,
  };
}

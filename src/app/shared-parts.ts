/** What use cases share, made once for all of them. */
import type { Change } from '../core/change.ts';
import type { LiveStreams } from './broadcast-stream.ts';
import { createClosedWorkspaces } from './closed-workspaces.ts';
import { createCommitter } from './committer.ts';
import type { AppDeps } from './dependencies.ts';
import { createIdempotentCalls } from './idempotency.ts';
import { createLinkKey } from './link-key.ts';
import { createLinkMaker } from './links.ts';
import { createLive } from './live.ts';
import { createMatching } from './matching.ts';
import { createMetadataSets } from './metadata-sets.ts';
import { createNoticeDays } from './notice-days.ts';
import { createPasswordLinks } from './password-links.ts';
import { createPasswords } from './passwords.ts';
import { createPause } from './pause.ts';
import { createPlaces } from './places.ts';
import { createSignInThrottle } from './sign-in-throttle.ts';
import { createTurns } from './turns.ts';

/** What `createShared` made. */
export type Shared = ReturnType<typeof createShared>;

/** What use cases have in common: one way to commit, one to match, one to make links. */
export function createShared(deps: AppDeps) {
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

/** What a use case is given: the parts of the server, and what use cases have in common. */
export type Parts = Shared['parts'];

/** What users and sessions need beside: passwords, and how often somebody may try. */
export function createPeople<Held extends object>(parts: Parts, held: Held) {
  const { random, passwordCost } = parts;
  return {
    ...parts,
    ...held,
    passwords: createPasswords({ random, ...(passwordCost === undefined ? {} : { cost: passwordCost }) }),
    throttle: createSignInThrottle(parts),
    links: createPasswordLinks(parts),
  };
}

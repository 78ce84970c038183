/** An app of which only what a test names does something; everything else answers `not_found`. */
import type { App, Caller, ReportedChange, Scope } from '../../app/app.ts';
import { scopes } from '../../app/app.ts';
import { defaultWorkspaceSettings } from '../../app/workspace-settings.ts';
import { AssetwireError } from '../../core/errors.ts';
import { metadataRulesDefault } from '../../core/metadata-field.ts';

export const adminToken = 'awk_admin_0123456789abcdefghijklmnop';
export const otherToken = 'awk_other_0123456789abcdefghijklmnop';
export const sessionCookieValue = 'cookie-0123456789';

export function callerOf(workspaceId: string, keyId: string, allowed: readonly Scope[], admin = false): Caller {
  return { workspaceId, keyId, actor: { type: 'key', id: keyId }, scopes: new Set(allowed), admin };
}

const admin = callerOf('default', 'key_admin', scopes, true);
const other = callerOf('other', 'key_other', scopes);

const missing = (): Promise<never> =>
  Promise.reject(new AssetwireError('not_found', { detail: 'Find it: there is none' }));
const emptyPage = () => Promise.resolve({ items: [], nextCursor: null });

export type FakeParts = { readonly [Area in keyof App]?: Partial<App[Area]> };
export type FakeApp = App & {
  /** Tokens and whom they stand for; a test may add and take away. */
  readonly callers: Map<string, Caller>;
  readonly reported: (readonly ReportedChange[])[];
};

export function createFakeApp(parts: FakeParts = {}): FakeApp {
  const callers = new Map<string, Caller>([
    [adminToken, admin],
    [otherToken, other],
  ]);
  const reported: (readonly ReportedChange[])[] = [];
  const nothing = () => undefined;
  return {
    callers,
    reported,
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    changes: {
      report: (_caller, changes) => {
        reported.push(changes);
        return Promise.resolve({
          status: 202,
          body: {
            results: changes.map((change) => ({
              status: 'applied' as const,
              changes: [{ id: 'chg_0123456789abcdefghjkmnpqrs' as const, kind: change.kind }],
              subject: { type: change.subject.type, id: 'ast_0123456789abcdefghjkmnpqrs' },
              deliveries: 1,
            })),
          },
        });
      },
      get: missing,
      list: emptyPage,
      feed: missing,
      ...parts.changes,
    },
    changeRate: { take: () => undefined, ...parts.changeRate },
    assets: {
      upload: missing,
      push: missing,
      pushMany: missing,
      lookup: missing,
      patch: missing,
      remove: missing,
      get: missing,
      list: async () => ({ ...(await emptyPage()), complete: true }),
      changes: emptyPage,
      versions: emptyPage,
      version: missing,
      addVersion: missing,
      activateVersion: missing,
      promoteVersion: missing,
      copy: missing,
      checkOut: missing,
      checkIn: missing,
      undoCheckOut: missing,
      removeVersion: missing,
      clip: missing,
      inspect: missing,
      content: missing,
      versionContent: missing,
      xmp: missing,
      versionXmp: missing,
      rendition: missing,
      linked: missing,
      ...parts.assets,
    },
    trash: {
      list: emptyPage,
      get: missing,
      usage: () => Promise.resolve({ assets: 0, bytes: 0, complete: true }),
      restore: missing,
      remove: missing,
      empty: missing,
      ...parts.trash,
    },
    syncs: {
      create: missing,
      get: missing,
      list: emptyPage,
      complete: missing,
      vanished: emptyPage,
      cancel: missing,
      ...parts.syncs,
    },
    fetches: {
      create: missing,
      get: missing,
      list: emptyPage,
      repeat: missing,
      cancel: missing,
      ...parts.fetches,
    },
    metadataMappings: {
      get: async () => ({ mappings: [], version: 0 }),
      set: async (_caller, mappings) => ({ mappings, version: 1 }),
      apply: missing,
      job: missing,
      jobs: emptyPage,
      cancel: missing,
      ...parts.metadataMappings,
    },
    folders: {
      create: missing,
      list: emptyPage,
      get: missing,
      update: missing,
      remove: missing,
      ...parts.folders,
    },
    collections: {
      create: missing,
      list: emptyPage,
      get: missing,
      update: missing,
      remove: missing,
      assets: emptyPage,
      change: missing,
      ...parts.collections,
    },
    sections: {
      create: missing,
      list: emptyPage,
      get: missing,
      update: missing,
      remove: missing,
      assets: emptyPage,
      change: missing,
      ...parts.sections,
    },
    broadcasts: {
      create: missing,
      list: emptyPage,
      get: missing,
      update: missing,
      remove: missing,
      stream: missing,
      clip: missing,
      content: missing,
      signedContent: missing,
      ...parts.broadcasts,
    },
    comments: {
      list: emptyPage,
      get: missing,
      add: missing,
      update: missing,
      remove: missing,
      approval: missing,
      decide: missing,
      ...parts.comments,
    },
    libraries: {
      create: missing,
      list: emptyPage,
      get: missing,
      update: missing,
      remove: missing,
      ...parts.libraries,
    },
    tasks: { list: emptyPage, get: missing, ...parts.tasks },
    jobs: { create: missing, list: emptyPage, get: missing, update: missing, remove: missing, ...parts.jobs },
    metadataFields: {
      create: missing,
      list: emptyPage,
      get: missing,
      update: missing,
      remove: missing,
      rules: () => Promise.resolve(metadataRulesDefault),
      setRules: missing,
      ...parts.metadataFields,
    },
    webhooks: {
      create: missing,
      update: missing,
      remove: missing,
      get: missing,
      list: emptyPage,
      enable: missing,
      disable: missing,
      test: missing,
      rotateSecret: missing,
      revealSecret: missing,
      consent: missing,
      trial: missing,
      ...parts.webhooks,
    },
    deliveries: {
      list: emptyPage,
      get: missing,
      redeliver: missing,
      signAnew: missing,
      ofMessage: missing,
      ...parts.deliveries,
    },
    replays: { create: missing, get: missing, list: emptyPage, cancel: missing, ...parts.replays },
    inboxes: {
      create: missing,
      list: emptyPage,
      get: missing,
      configure: missing,
      remove: missing,
      requests: missing,
      subscribe: missing,
      receive: () => Promise.resolve(null),
      ...parts.inboxes,
    },
    keys: {
      authenticate: (token, workspace) => {
        const caller = callers.get(token);
        if (caller === undefined) return Promise.resolve(null);
        return Promise.resolve(workspace === undefined ? caller : { ...caller, workspaceId: workspace });
      },
      create: missing,
      list: emptyPage,
      get: missing,
      revoke: missing,
      rotate: missing,
      signInLink: missing,
      ...parts.keys,
    },
    users: {
      create: missing,
      list: emptyPage,
      get: missing,
      update: missing,
      remove: missing,
      issueLink: missing,
      redeemLink: () => Promise.resolve(null),
      changePassword: () => Promise.resolve(false),
      ...parts.users,
    },
    consents: {
      find: () => Promise.resolve(null),
      findWebhook: () => Promise.resolve(null),
      confirm: () => Promise.resolve(null),
      neverAsk: () => Promise.resolve(null),
      unsubscribe: () => Promise.resolve(null),
      ...parts.consents,
    },
    signingKeys: {
      list: emptyPage,
      get: missing,
      rotate: missing,
      withdraw: missing,
      certificate: missing,
      ...parts.signingKeys,
    },
    roles: { create: missing, list: emptyPage, get: missing, update: missing, remove: missing, ...parts.roles },
    grants: { create: missing, list: emptyPage, get: missing, remove: missing, ...parts.grants },
    sessions: {
      create: ({ token, key }) =>
        Promise.resolve(
          token === 'good-token' || key === adminToken
            ? { cookie: sessionCookieValue, expiresAtMs: Date.UTC(2100, 0, 1), caller: admin }
            : null,
        ),
      authenticate: (cookie) => Promise.resolve(cookie === sessionCookieValue ? admin : null),
      remove: () => Promise.resolve(),
      list: emptyPage,
      revoke: missing,
      revokeMany: () => Promise.resolve({ ended: 0 }),
      ...parts.sessions,
    },
    workspaces: {
      create: missing,
      list: emptyPage,
      get: missing,
      update: missing,
      erase: missing,
      ...parts.workspaces,
    },
    notices: { list: emptyPage, get: missing, acknowledge: missing, ...parts.notices },
    settings: {
      get: () => Promise.resolve(defaultWorkspaceSettings),
      update: missing,
      process: () => [],
      films: () => Promise.resolve({ state: 'off', detail: 'there are no films here' }),
      ...parts.settings,
    },
    neverAsked: { list: emptyPage, get: missing, add: missing, lift: missing, ...parts.neverAsked },
    transportChecks: { email: missing, sqs: missing, ...parts.transportChecks },
    dialectProperties: { list: async () => [], eventsOff: async () => [], update: async () => [] },
    links: () => ({ content: () => '', rendition: () => '', dialect: () => '' }),
    dialects: {
      list: () => [],
      transportsOff: () => [],
      setup: () => [],
      get: () => {
        throw new AssetwireError('unknown_dialect', { detail: 'Find the dialect: there is none' });
      },
      ...parts.dialects,
    },
    exports: {
      create: missing,
      get: missing,
      list: emptyPage,
      remove: missing,
      content: missing,
      ...parts.exports,
    },
    erasures: {
      begin: missing,
      estimate: missing,
      list: emptyPage,
      get: missing,
      ...parts.erasures,
    },
    shareLinks: {
      create: missing,
      list: emptyPage,
      get: missing,
      update: missing,
      remove: missing,
      ...parts.shareLinks,
    },
    shares: {
      visit: missing,
      unlock: missing,
      content: missing,
      downloaded: nothing,
      ...parts.shares,
    },
    dryRuns: { saved: missing, unsaved: missing, ...parts.dryRuns },
    stats: { workspace: missing, webhook: missing, ...parts.stats },
    operation: {
      audit: emptyPage,
      space: missing,
      readiness: () =>
        Promise.resolve({ ready: true, checks: [{ name: 'store', ok: true, needed: true, detail: 'secret detail' }] }),
      ...parts.operation,
    },
    live: {
      onDelivery: () => nothing,
      onChange: () => nothing,
      onNotice: () => nothing,
      onClosed: () => nothing,
      ...parts.live,
    },
  };
}

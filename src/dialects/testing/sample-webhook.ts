import type { Webhook } from '../../core/webhook.ts';
import type { Dialect, Links } from '../dialect.ts';

/** A webhook of a dialect that wants everything; `more` replaces what a test is about. */
export function sampleWebhook(dialect: Dialect, more: Partial<Webhook> = {}): Webhook {
  return {
    id: 'wh_01kan4c4q0edkxrmnr6dgk2vfw',
    workspaceId: 'default',
    revision: 1,
    name: 'Shop',
    dialect: dialect.manifest.id,
    target: { transport: 'http', url: 'https://shop.example/webhooks' },
    events: dialect.manifest.capabilities.singleEvent ? [dialect.manifest.events[0]?.name ?? ''] : ['*'],
    settings: {},
    headers: [],
    credentials: { kind: 'none' },
    policy: {},
    state: 'enabled',
    stateChangedAtMs: 0,
    contacts: [],
    createdAtMs: 0,
    updatedAtMs: 0,
    ...more,
  };
}

/** Links that show what was asked for. */
export const sampleLinks: Links = {
  content: (assetId, version) => `https://assetwire.example/l/${assetId}-${version ?? 0}`,
  rendition: (assetId, title) => `https://assetwire.example/l/${assetId}-${title}`,
  dialect: (path) => `https://assetwire.example/mount${path}`,
};

import { exampleWebhook } from '../../core/example-webhook.ts';
import type { Webhook } from '../../core/webhook.ts';
import type { Links } from '../contract/message.ts';
import type { Dialect } from '../dialect.ts';

/** A webhook of a dialect that wants everything; `more` replaces what a test is about. */
export function sampleWebhook(dialect: Dialect, more: Partial<Webhook> = {}): Webhook {
  return exampleWebhook({
    dialect: dialect.manifest.id,
    events: dialect.manifest.capabilities.singleEvent ? [dialect.manifest.events[0]?.name ?? ''] : ['*'],
    ...more,
  });
}

/** The signing key that samples name. */
export const sampleSigningKeyId = 'sgk_01kan4c4q0edkxrmnr6dgk2vfx';

/** Links that show what was asked for. */
export const sampleLinks: Links = {
  content: (assetId, version) => `https://assetwire.example/l/${assetId}-${version ?? 0}`,
  rendition: (assetId, title) => `https://assetwire.example/l/${assetId}-${title}`,
  signature: () => 'eaf4c9cb29c58b910dcbad17cf7d8a3afa4e6a963624ba4c4fd0bb5bade1cdd6',
  lifetimeMs: 30 * 24 * 3_600_000,
  dialect: (path) => `https://assetwire.example/mount${path}`,
};

import type { Admission } from '../admission.ts';
import type { ApiOptions } from '../api.ts';
import { openApiDocument } from '../openapi.ts';
import { ok, type Route, type RouteScope, route } from '../route.ts';
import { raw } from '../schema.ts';
import { scopes } from '../../app/app.ts';
import { vendorApiRoutes } from '../vendor-routes.ts';
import { assetMediaRoutes } from './asset-media.ts';
import { assetLifeRoutes } from './asset-life.ts';
import { assetRenditionRoutes } from './asset-renditions.ts';
import { assetStateRoutes } from './asset-states.ts';
import { assetVersionRoutes } from './asset-versions.ts';
import { assetXmpRoutes } from './asset-xmp.ts';
import { assetRoutes } from './assets.ts';
import { broadcastRoutes } from './broadcasts.ts';
import { changeRoutes } from './changes.ts';
import { commentRoutes } from './comments.ts';
import { collectionRoutes } from './collections.ts';
import { deliveryRoutes } from './deliveries.ts';
import { dialectPropertyRoutes } from './dialect-properties.ts';
import { receiverSetupRoutes } from './receiver-setup.ts';
import { dryRunRoutes } from './dry-run.ts';
import { folderRoutes } from './folders.ts';
import { fetchRoutes } from './fetches.ts';
import { grantRoutes } from './grants.ts';
import { erasureRoutes } from './erasures.ts';
import { exportRoutes } from './exports.ts';
import { inboxRoutes } from './inboxes.ts';
import { jobRoutes } from './jobs.ts';
import { keyRoutes } from './keys.ts';
import { libraryRoutes } from './libraries.ts';
import { metadataFieldRoutes } from './metadata-fields.ts';
import { metadataMappingRoutes } from './metadata-mappings.ts';
import { noticeRoutes } from './notices.ts';
import { createMetricsRoute, operationRoutes } from './operation.ts';
import { createShareRoutes } from './share.ts';
import { shareLinkRoutes } from './share-links.ts';
import { sectionRoutes } from './sections.ts';
import { createSessionRoutes } from './sessions.ts';
import { settingRoutes } from './settings.ts';
import { signingKeyRoutes } from './signing-keys.ts';
import { statsRoutes } from './stats.ts';
import { syncRoutes } from './syncs.ts';
import { neverAskedRoutes } from './never-asked.ts';
import { transportRoutes } from './transports.ts';
import { trashRoutes } from './trash.ts';
import { taskRoutes } from './tasks.ts';
import { userRoutes } from './users.ts';
import { webhookRoutes } from './webhooks.ts';
import { workspaceRoutes } from './workspaces.ts';

export type RoutesOptions = Pick<ApiOptions, 'metrics' | 'settings' | 'vendorRoutes'> & {
  readonly admission: Pick<Admission, 'assertNotGuessing' | 'failed' | 'originOf'>;
  readonly https: boolean;
};

/** Every route of the server. Throws where two collide or one does not say who may call it. */
export function createRoutes(options: RoutesOptions): readonly Route[] {
  const native: readonly Route[] = [
    ...assetRoutes,
    ...assetStateRoutes,
    ...syncRoutes,
    ...fetchRoutes,
    ...assetVersionRoutes,
    ...assetMediaRoutes,
    ...assetRenditionRoutes,
    ...assetXmpRoutes,
    ...assetLifeRoutes,
    ...commentRoutes,
    ...trashRoutes,
    ...broadcastRoutes,
    ...folderRoutes,
    ...collectionRoutes,
    ...jobRoutes,
    ...sectionRoutes,
    ...libraryRoutes,
    ...taskRoutes,
    ...metadataFieldRoutes,
    ...metadataMappingRoutes,
    ...changeRoutes,
    ...webhookRoutes,
    ...deliveryRoutes,
    ...statsRoutes,
    ...dryRunRoutes,
    ...exportRoutes,
    ...shareLinkRoutes,
    ...erasureRoutes,
    ...createShareRoutes(options),
    ...inboxRoutes,
    ...workspaceRoutes,
    ...userRoutes,
    ...grantRoutes,
    ...keyRoutes,
    ...signingKeyRoutes,
    ...createSessionRoutes(options),
    ...noticeRoutes,
    ...settingRoutes,
    ...transportRoutes,
    ...neverAskedRoutes,
    ...dialectPropertyRoutes,
    ...receiverSetupRoutes,
    ...operationRoutes,
    createMetricsRoute({ metrics: options.metrics, open: options.settings.metricsOpen === true }),
  ];
  // Made when first asked for: a start does not wait for it.
  let document: object | undefined;
  const openApi = route({
    method: 'GET',
    path: '/openapi.json',
    operation: 'getOpenApi',
    area: 'operation',
    summary: 'This API as an OpenAPI 3.1 document',
    scope: 'open',
    answers: { 200: { description: 'The document', schema: raw({ type: 'object' }) } },
    handle(_call, { settings, publicUrl }) {
      document ??= openApiDocument([...native, openApi], { version: settings.version, url: publicUrl() });
      return ok(document);
    },
  });
  const all = [...native, openApi, ...(options.vendorRoutes ?? []).flatMap((api) => vendorApiRoutes(api, options))];
  assertSound(all);
  return all;
}

const known: ReadonlySet<RouteScope> = new Set<RouteScope>([...scopes, 'open', 'signed-in', 'admin']);

/** A route that does not say who may call it must not be served (HARDENING AK-03). */
export function assertSound(routes: readonly Route[]): void {
  const places = new Set<string>();
  const operations = new Set<string>();
  for (const { method, path, operation, scope } of routes) {
    const place = `${method} ${path}`;
    if (!known.has(scope)) throw new TypeError(`Declare a known scope for ${place}: ${String(scope)}`);
    if (places.has(place)) throw new TypeError(`Mount ${place} once: there are two`);
    if (operations.has(operation)) throw new TypeError(`Name one operation ${operation}: there are two`);
    places.add(place);
    operations.add(operation);
  }
}

/**
 * What receivers do with a notification: fetch the media that it names, and its file. The object is the one that
 * notifications carry. Both routes with a slash at the end, as the vendor's reference writes them, and without.
 */
import { ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import { objectIn, textIn } from '../json-fields.ts';
import type { VendorAnswer, VendorCommand, VendorRequest, VendorRoute } from '../contract/vendor-route.ts';
import { presentMediaError } from './manage-errors.ts';
import { assetIdOf, mediaObject } from './media-object.ts';

const noFile: VendorAnswer = { status: 404, body: { message: 'Find the file of the media: there is none here' } };

function linked({ parameters }: VendorRequest): VendorCommand {
  const id = parameters['id'] ?? '';
  const ownId = assetIdOf(id);
  return { command: 'assets.getLinked', input: { id, ...(ownId === null ? {} : { ownId }) } };
}

/** `view` is an asset as our own API shows it, with the links that payloads carry. */
export function presentMedia(view: JsonObject): JsonObject {
  const [id, workspaceId] = [textIn(view, 'id'), textIn(view, 'workspaceId')];
  const links = objectIn(objectIn(view, 'links'), 'renditions');
  return mediaObject({
    id,
    workspaceId,
    state: objectIn(view, 'state'),
    links: { rendition: (_assetId, title) => textIn(links, title) },
  });
}

function presentDownload(view: JsonObject): VendorAnswer {
  const url =
    ownValue(objectIn(view, 'links'), 'content') ?? ownValue(objectIn(objectIn(view, 'state'), 'file'), 'url');
  return typeof url === 'string' ? { status: 200, body: { s3_file: url } } : noFile;
}

const paths = (path: string): readonly string[] => [path, `${path}/`];

export const mediaRoutes: readonly VendorRoute[] = [
  ...paths('/api/v4/media/:id').map(
    (path): VendorRoute => ({
      method: 'GET',
      path,
      scope: 'assets:read',
      parse: linked,
      presentError: presentMediaError,
      present: (view) => ({ status: 200, body: presentMedia(view) }),
    }),
  ),
  // The vendor answers an address from which the original can be fetched for a while.
  ...paths('/api/v4/media/:id/download').map(
    (path): VendorRoute => ({
      ...{ method: 'GET', path, scope: 'assets:read', parse: linked },
      presentError: presentMediaError,
      present: presentDownload,
    }),
  ),
];

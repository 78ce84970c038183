/** What a receiver asks for next: a file's details in the vendor's form, and its content. */
import { decodeId } from '../../core/id-encoding.ts';
import { isObject, ownValue } from '../../core/json-equality.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Links } from '../contract/message.ts';
import type { VendorAnswer, VendorRequest, VendorRoute } from '../contract/vendor-route.ts';
import { selectionOf } from './fields.ts';
import { fileObject } from './file-object.ts';
import { failure, succeeded } from './manage-output.ts';

const read = 'assets:read';
const everything = selectionOf({ settings: {} });

/** By the UUID of ours, or the one the asset had before. */
function named(id: string): { readonly id: string; readonly ownId?: string } {
  const ownId = decodeId('asset', 'uuid', id);
  return { id, ...(ownId === null ? {} : { ownId }) };
}

function presentFile(view: JsonObject, { base, parameters }: VendorRequest): VendorAnswer {
  const state = ownValue(view, 'state');
  const assetId = ownValue(view, 'id');
  if (typeof assetId !== 'string') return failure(404, 'NOT_FOUND', 'There is no file with this UUID');
  const content = (): string => `${base}/v5/get/${encodeURIComponent(parameters['uuid'] ?? '')}`;
  const links: Links = { content, rendition: content, dialect: (path) => `${base}${path}` };
  return succeeded(200, { file: fileObject({ assetId, state: isObject(state) ? state : {}, links }, everything) });
}

export const fileRoutes: readonly VendorRoute[] = [
  {
    method: 'GET',
    path: '/v5/files/:uuid',
    scope: read,
    parse: ({ parameters }) => ({ command: 'assets.get', input: named(parameters['uuid'] ?? '') }),
    present: presentFile,
  },
  {
    method: 'GET',
    path: '/v5/get/:uuid',
    scope: read,
    parse: ({ parameters }) => ({ content: named(parameters['uuid'] ?? '') }),
    present: () => ({ status: 200, body: null }),
  },
];

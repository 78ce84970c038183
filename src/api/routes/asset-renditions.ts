import { type Route, route } from '../route.ts';
import { renditionReference } from '../schemas/asset.ts';
import { servedContent } from '../content-answer.ts';
import { contentAnswers, contentHeaders } from './assets.ts';

const getRendition = route({
  method: 'GET',
  path: '/v1/assets/{reference}/renditions/{name}',
  operation: 'getAssetRendition',
  area: 'assets',
  summary: 'Download a rendition of an asset: a smaller picture',
  description:
    'Made of pictures once they are ready; the asset lists them with size and dimensions. JPEG, or PNG where the picture is see-through, without any ' +
    'metadata of the original. One range may be asked for.',
  scope: 'assets:read',
  grantable: true,
  params: renditionReference,
  requestHeaders: contentHeaders,
  answers: contentAnswers,
  errors: ['content_unavailable', 'content_withheld', 'range_not_satisfiable', 'gone'],
  handle({ caller, params, request }, { app }) {
    const { reference, name } = params;
    return servedContent(request, (wanted) => app.assets.rendition(caller, { reference, title: name }, wanted));
  },
});

export const assetRenditionRoutes: readonly Route[] = [getRendition];

import { servedContent } from '../content-answer.ts';
import { type Route, route } from '../route.ts';
import { assetReference, versionReference } from '../schemas/asset.ts';
import { contentAnswers, contentHeaders, contentOfFile } from './assets.ts';

const packet = { ...contentOfFile, description: 'The packet', contentType: 'application/rdf+xml' } as const;

const answers = {
  200: packet,
  206: { ...contentAnswers[206], contentType: 'application/rdf+xml', description: 'The range of the packet' },
  304: contentAnswers[304],
} as const;

const common = {
  method: 'GET',
  area: 'assets',
  scope: 'assets:read',
  grantable: true,
  requestHeaders: contentHeaders,
  answers,
  errors: ['content_unavailable', 'content_withheld', 'file_unreadable', 'range_not_satisfiable', 'gone'],
} as const;

/** What somebody wrote into a file: only ever saved, never shown. */
const saved = { saved: true } as const;

const getXmp = route({
  ...common,
  path: '/v1/assets/{reference}/xmp',
  operation: 'getAssetXmp',
  summary: 'Download the XMP packet of an asset, as it stands in the file',
  description:
    'Byte for byte, padding and `<?xpacket …?>` with it; only what the file has packed is unpacked. Looked for in JPEG (the main packet, without its extension), ' +
    'PNG, WebP, GIF, TIFF, AVIF, HEIC, Photoshop, PDF, MP4, QuickTime and WAV; 404 where there is none, 422 where that cannot be told: a file that is broken, ' +
    'or a packet of more than 256 KiB. It is read anew for each call, whatever of embedded metadata the server keeps. One range may be asked for.',
  params: assetReference,
  handle({ caller, params, request }, { app }) {
    return servedContent(request, (wanted) => app.assets.xmp(caller, params.reference, wanted), saved);
  },
});

const getVersionXmp = route({
  ...common,
  path: '/v1/assets/{reference}/versions/{number}/xmp',
  operation: 'getAssetVersionXmp',
  summary: 'Download the XMP packet of a version, as it stands in its file',
  description: 'As that of the asset, which is that of its active version.',
  params: versionReference,
  handle({ caller, params: { reference, number }, request }, { app }) {
    return servedContent(
      request,
      (wanted) => app.assets.versionXmp(caller, { reference, number: Number(number) }, wanted),
      saved,
    );
  },
});

export const assetXmpRoutes: readonly Route[] = [getXmp, getVersionXmp];

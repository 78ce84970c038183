/**
 * The types of which renditions are made: still pictures, the first frame of moving ones, the first page of a PDF, drawings,
 * and a frame of a film. HEIC is among them so that an asset says why there are none.
 */
import { filmTypes } from './film-types.ts';

const pictureTypes: ReadonlySet<string> = new Set([
  'image/jpeg',
  'image/png',
  'image/apng',
  'image/webp',
  'image/gif',
  'image/tiff',
  'image/avif',
  'image/heic',
  'image/heif',
  'image/svg+xml',
  'application/pdf',
]);

export function isDerivable(mimeType: string): boolean {
  return pictureTypes.has(mimeType) || filmTypes.get(mimeType)?.picture === true;
}

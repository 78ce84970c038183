/** Names of assets and files. */
import { composed, isBlank } from '../core/spelling.ts';
import { unfit } from './refusals.ts';

/** The last part of whatever path a client sends as a file's name, without what no file name should hold. */
export function fileNameOf(given: string): string {
  const last = given.slice(Math.max(given.lastIndexOf('/'), given.lastIndexOf('\\')) + 1);
  const clean = composed(last.replace(/\p{Cc}/gu, '').trim());
  if (isBlank(clean) || clean === '.' || clean === '..') throw unfit('/name', 'a file name', 'none');
  if (Buffer.byteLength(clean) > 255) throw unfit('/name', 'at most 255 bytes', `${Buffer.byteLength(clean)}`);
  return clean;
}

/** A name that was said on purpose: one with a slash means a folder, which is not silently cut off. */
export function assetNameOf(given: string): string {
  if (/[/\\]/.test(given))
    throw unfit('/name', 'a name without / and \\; the folder goes into path', JSON.stringify(given.slice(0, 60)));
  return fileNameOf(given);
}

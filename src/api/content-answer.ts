import type { AssetContent } from '../app/app.ts';
import { AssetwireError } from '../core/errors.ts';
import { contentDisposition, isShowable } from './content-disposition.ts';
import type { Answer } from './route.ts';

export type Range = { readonly from: number; readonly to: number };

const sendableType = /^[\w.+-]{1,64}\/[\w.+-]{1,64}$/;

/** The bytes of an asset. `content.bytes` is the whole length; a range is inclusive at both ends. */
export function contentAnswer(content: AssetContent, range: Range | undefined, crossOrigin: boolean): Answer {
  const type = sendableType.test(content.mimeType) ? content.mimeType : 'application/octet-stream';
  const bytes = range === undefined ? content.bytes : range.to - range.from + 1;
  return {
    status: range === undefined ? 200 : 206,
    stream: content.stream,
    contentType: type,
    bytes,
    style: 'foreign',
    headers: {
      'content-disposition': contentDisposition(isShowable(type) ? 'inline' : 'attachment', content.name),
      'accept-ranges': 'bytes',
      etag: `"${content.sha256}"`,
      'cross-origin-resource-policy': crossOrigin ? 'cross-origin' : 'same-origin',
      ...(range === undefined ? {} : { 'content-range': `bytes ${range.from}-${range.to}/${content.bytes}` }),
    },
  };
}

/** One range of a `Range` header; undefined for none, and for several, which are answered whole. Throws `range_not_satisfiable`. */
export function readRange(header: string | undefined, bytes: number): Range | undefined {
  const match = header === undefined ? null : /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim());
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  const from = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const to = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (from > to || from >= bytes) {
    throw new AssetwireError('range_not_satisfiable', {
      detail: `Ask for a range within ${bytes} bytes: it lies outside`,
    });
  }
  return { from, to };
}

/** The bytes of files as HTTP: one range at most, what the caller has already, and headers under which nothing of it runs. */
import type { IncomingMessage } from 'node:http';
import type { AssetContent } from '../app/app.ts';
import type { ByteRange, WantedBytes } from '../app/asset-cases.ts';
import { AssetwireError } from '../core/errors.ts';
import { contentDisposition, isShowable } from './content-disposition.ts';
import type { Answer } from './route.ts';

const sendableType = /^[\w.+-]{1,64}\/[\w.+-]{1,64}$/;

export type ServingContent = {
  /** Other sites may show it: for links that are the authority themselves. */
  readonly crossOrigin?: boolean;
  /** Saved, never shown, whatever it is. */
  readonly saved?: boolean;
  /** Told when bytes from the first one on are about to leave: a download begins. */
  readonly onBegin?: () => void;
};

/**
 * Answers a request for the bytes that `open` gives. The caller may keep them but asks each time whether they still are so
 * (`no-cache`): whoever must not have them any more learns nothing (HARDENING UP-19, TN-12).
 */
export async function servedContent(
  request: IncomingMessage,
  open: (wanted: WantedBytes) => Promise<AssetContent>,
  serving: ServingContent = {},
): Promise<Answer> {
  let range: ByteRange | undefined;
  let unchanged = false;
  const content = await open(({ bytes, sha256 }) => {
    unchanged = names(request.headers['if-none-match'], tagOf(sha256), { weakly: true });
    if (unchanged) return 'nothing';
    // Ranges are a matter of GET (RFC 9110, 14.2).
    if (request.method === 'HEAD') return 'nothing';
    range = rangeOf(request, { bytes, tag: tagOf(sha256) });
    return range;
  });
  const headers = { etag: tagOf(content.sha256), 'cache-control': 'private, no-cache' };
  if (unchanged) {
    content.stream.destroy();
    return { status: 304, style: 'foreign', empty: true, headers };
  }
  if (request.method !== 'HEAD' && (range === undefined || range.from === 0)) serving.onBegin?.();
  return contentAnswer(content, { range, headers, serving });
}

type Parts = {
  readonly range: ByteRange | undefined;
  readonly headers: { readonly [name: string]: string };
  readonly serving: ServingContent;
};

function contentAnswer(content: AssetContent, { range, headers, serving }: Parts): Answer {
  const type = sendableType.test(content.mimeType) ? content.mimeType : 'application/octet-stream';
  const inline = serving.saved !== true && isShowable(type);
  return {
    status: range === undefined ? 200 : 206,
    stream: content.stream,
    contentType: type,
    bytes: range === undefined ? content.bytes : range.to - range.from + 1,
    style: 'foreign',
    headers: {
      ...headers,
      'content-disposition': contentDisposition(inline ? 'inline' : 'attachment', content.name),
      'accept-ranges': 'bytes',
      'cross-origin-resource-policy': serving.crossOrigin === true ? 'cross-origin' : 'same-origin',
      ...(range === undefined ? {} : { 'content-range': `bytes ${range.from}-${range.to}/${content.bytes}` }),
    },
  };
}

function tagOf(sha256: string): string {
  return `"${sha256}"`;
}

/** Whether a header with entity tags names this one. `weakly`: a tag that a proxy made weak names it too (RFC 9110, 8.8.3.2). */
function names(header: string | undefined, tag: string, { weakly }: { readonly weakly: boolean }): boolean {
  if (header === undefined || header.length > 4_096) return false;
  return header.split(',').some((given) => {
    const text = given.trim();
    return text === '*' ? weakly : text === tag || (weakly && text === `W/${tag}`);
  });
}

/** The range that counts: none where `If-Range` names other bytes than these, or a time. */
function rangeOf(
  { headers }: IncomingMessage,
  { bytes, tag }: { readonly bytes: number; readonly tag: string },
): ByteRange | undefined {
  const ifRange = headers['if-range'];
  if (typeof ifRange === 'string' && !names(ifRange, tag, { weakly: false })) return undefined;
  return readRange(headers.range, bytes);
}

/** The range lies outside; the answer says how long the whole is, by which who has it all already sees that (RFC 9110, 15.5.17). */
export class RangeOutside extends AssetwireError {
  readonly bytes: number;

  constructor(bytes: number) {
    super('range_not_satisfiable', { detail: `Ask for a range within ${bytes} bytes: it lies outside` });
    this.bytes = bytes;
  }
}

/** One range of a `Range` header; undefined for none, and for several, which are answered whole. Throws `range_not_satisfiable`. */
export function readRange(header: string | undefined, bytes: number): ByteRange | undefined {
  const match = header === undefined ? null : /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header.trim());
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  // A first byte behind the last one is no range at all (RFC 9110, 14.1.1).
  if (first !== '' && last !== '' && Number(first) > Number(last)) return undefined;
  const from = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const to = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (from > to || from >= bytes) {
    throw new RangeOutside(bytes);
  }
  return { from, to };
}

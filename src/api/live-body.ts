/** A body that is the file itself, read as it comes: for what is live while it arrives. */
import type { IncomingMessage } from 'node:http';
import { PassThrough, type Readable } from 'node:stream';
import { AssetwireError } from '../core/errors.ts';
import type { BodyReader } from './request-body.ts';

/**
 * The bytes of a body, until they end, the connection breaks, or nothing comes for half a minute; in both last cases the
 * stream ends with an error. Throws `unsupported_media_type` for forms and JSON, which are no film.
 */
export function liveBody(request: IncomingMessage, bodies: Pick<BodyReader, 'watch'>): Readable {
  refuseForms(request.headers['content-type'] ?? '');
  const content = new PassThrough();
  // Until somebody reads the stream an error on it must not be an uncaught one.
  content.on('error', () => undefined);
  const broken = (): void => {
    if (!request.complete) content.destroy(new Error('The connection broke off'));
  };
  const watch = bodies.watch((reason) => content.destroy(new Error(`The bytes stopped coming: ${reason}`)));
  request.on('data', (chunk: Buffer) => watch.touch(chunk.length));
  request.once('aborted', broken).once('error', broken).once('close', broken);
  request.pipe(content);
  content.once('close', () => {
    watch.done();
    request.unpipe(content);
    // Whatever else comes is let pass, so that an answer can be given.
    request.resume();
  });
  return content;
}

function refuseForms(type: string): void {
  const kind = type.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!/^(?:multipart\/|text\/|application\/(?:json|x-www-form-urlencoded))/.test(kind)) return;
  throw new AssetwireError('unsupported_media_type', {
    detail: `Send the bytes of a film as the body itself: the Content-Type says ${JSON.stringify(kind.slice(0, 60))}`,
    mend: 'Send them as video/mp4, or as what they are, for example: curl -T show.mp4 -H "content-type: video/mp4" …',
  });
}

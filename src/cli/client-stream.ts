/** A body that is written as it comes, of no known length: what is live is sent while it is made. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { roomIn } from './client-form.ts';
import type { Exchange } from './client-form.ts';

export type StreamOptions = {
  readonly onSent?: (bytes: number) => void;
  /** Ends the bytes: what was sent so far is kept by the server. */
  readonly signal?: AbortSignal;
};

/** Writes until the content or the signal ends; an answer that comes before ends it too. */
export async function sendStream(
  { request, response }: Exchange,
  content: Readable,
  { onSent, signal }: StreamOptions,
): Promise<IncomingMessage> {
  let answered = false;
  const answer = response.finally(() => {
    answered = true;
    content.destroy();
  });
  const finish = (): void => void content.destroy();
  if (signal?.aborted === true) finish();
  signal?.addEventListener('abort', finish, { once: true });
  let sent = 0;
  try {
    for await (const chunk of content as AsyncIterable<Buffer>) {
      if (request.destroyed) break;
      if (!request.write(chunk)) await roomIn(request);
      sent += chunk.length;
      onSent?.(sent);
    }
  } catch (error) {
    // Destroyed by us: that is how it ends. Anything else is the file's fault, and what was sent counts all the same.
    if (!answered && signal?.aborted !== true && !request.destroyed) {
      request.end();
      await answer.catch(() => undefined);
      throw error;
    }
  } finally {
    signal?.removeEventListener('abort', finish);
  }
  request.end();
  return answer;
}

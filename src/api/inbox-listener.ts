/**
 * `/inbox/{id}`: takes what anybody sends, by any method and of any type, keeps the first 256 KiB of it and answers what
 * the inbox was told to. Served beside the routes, on the TLS listener too, because nothing that holds for the API holds
 * here: no key, no schema, no JSON. What it answers is inert text, whatever a browser makes of it.
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { App } from '../app/app.ts';
import { AssetwireError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Clock } from '../runtime/clock.ts';
import type { AnswerWriter } from './answer.ts';
import { notFound } from './problem.ts';
import type { BodyReader } from './request-body.ts';

export const inboxPrefix = '/inbox/';

/** What is read of a body before the connection is cut; what lies behind the kept part is counted, not kept. */
const readBytesMax = 4 * limits.inboxRequestBytesMax;
const delayMsMax = 60_000;
/** Answers held back by a delay, over all inboxes. */
const delayedMax = 1_000;

export type InboxListenerOptions = {
  readonly app: Pick<App, 'inboxes'>;
  readonly clock: Clock;
  readonly bodies: BodyReader;
  readonly answers: AnswerWriter;
};

export function createInboxListener({ app, clock, bodies, answers }: InboxListenerOptions): RequestListener {
  let delayed = 0;

  const wait = (delayMs: number, response: ServerResponse): Promise<void> => {
    if (delayMs <= 0) return Promise.resolve();
    if (delayed >= delayedMax) {
      throw new AssetwireError('too_many_requests', {
        detail: `Hold back at most ${delayedMax} answers: that many are held back`,
        retryAfterSeconds: 1,
      });
    }
    delayed++;
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        response.off('close', done);
        delayed--;
        resolve();
      };
      const timer = clock.timer(Math.min(delayMs, delayMsMax), done);
      response.on('close', done);
    });
  };

  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = request.url ?? '';
    const id = /^\/inbox\/([a-z0-9_]{1,64})(?:[/?]|$)/.exec(url)?.[1];
    if (id === undefined) throw notFound('Find the inbox: the address is not one of an inbox');
    const { kept, bytes } = await readSome(bodies, request);
    const answer = await app.inboxes.receive(id, {
      method: request.method ?? '',
      path: url,
      headers: headerPairs(request),
      bodyBase64: kept.toString('base64'),
      bodyBytes: bytes,
      bodyCut: bytes > kept.length,
    });
    if (answer === null) throw notFound('Find the inbox: there is none of this id, or it has expired');
    await wait(answer.delayMs, response);
    const { status, body } = answer;
    const headers = status < 400 ? consent(request) : {};
    answers.write(
      request,
      response,
      mayHaveBody(status)
        ? { status, style: 'foreign', headers, text: body, contentType: 'text/plain; charset=utf-8' }
        : { status, style: 'foreign', headers, empty: true },
    );
  };

  return (request, response) => {
    receive(request, response).catch((thrown: unknown) => {
      answers.fail(request, response, thrown);
    });
  };
}

/** A sender that asks before it sends (CloudEvents) is welcome, unless the inbox was told to answer with a failure. */
function consent({ method, headers }: IncomingMessage): { readonly [name: string]: string } {
  const origin = headers['webhook-request-origin'];
  if (method !== 'OPTIONS' || typeof origin !== 'string' || !/^[a-zA-Z0-9.:[\]-]{1,253}$/.test(origin)) return {};
  return { 'webhook-allowed-origin': origin, 'webhook-allowed-rate': '*' };
}

function mayHaveBody(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 304;
}

/** Header names and values as they came, in their order. */
function headerPairs(request: IncomingMessage): readonly (readonly [string, string])[] {
  const pairs: [string, string][] = [];
  const raw = request.rawHeaders;
  for (let index = 0; index + 1 < raw.length; index += 2)
    pairs.push([(raw[index] ?? '').toLowerCase(), raw[index + 1] ?? '']);
  return pairs;
}

async function readSome(
  bodies: BodyReader,
  request: IncomingMessage,
): Promise<{ readonly kept: Buffer; readonly bytes: number }> {
  const whole = await bodies.read(request, readBytesMax);
  const kept = whole.length > limits.inboxRequestBytesMax ? whole.subarray(0, limits.inboxRequestBytesMax) : whole;
  return { kept, bytes: whole.length };
}

/** One call over a real socket: everything of the answer, or why there was none. */
import { Agent, request as httpRequest } from 'node:http';

export type Wire = {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body: Buffer | undefined;
};

export type Answered = {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly text: string;
};

export type SendOptions = {
  readonly url: string;
  readonly timeoutMs: number;
  /** Whether the answer may go on for ever: its beginning is enough. */
  readonly streaming: boolean;
};

const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const streamMs = 5;

/** Rejects where no whole answer came in time. */
export function send(wire: Wire, options: SendOptions): Promise<Answered> {
  return sendOnce(wire, options).catch((error: unknown) => {
    // A kept connection that the server was just closing: the next one is new.
    if (error instanceof Error && Reflect.get(error, 'code') === 'ECONNRESET') return sendOnce(wire, options);
    throw error;
  });
}

function sendOnce(
  { method, path, headers, body }: Wire,
  { url, timeoutMs, streaming }: SendOptions,
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const outgoing = httpRequest({ host: hostname, port, path, method, agent, headers });
    const late = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    outgoing.on('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      const done = (): void => {
        clearTimeout(late);
        const contentType = response.headers['content-type'];
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, contentType, headers: response.headers, text });
      };
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      if (streaming && response.statusCode === 200) {
        setTimeout(() => {
          done();
          response.destroy();
        }, streamMs);
      } else response.on('end', done);
    });
    outgoing.end(body);
  });
}

/** Brings a request that an inbox received to a program on the user's own machine, as it arrived. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

export type ForwardRequest = {
  readonly method: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
};

/** Those that speak of the connection it came by, not of the message. */
const ofTheConnection =
  /^(host|connection|keep-alive|transfer-encoding|content-length|te|trailer|upgrade|expect|proxy-.*)$/i;
const timeoutMs = 15_000;

/** The status the program answered with; rejects where it did not answer within 15 s. */
export function forward(to: URL, { method, headers, body }: ForwardRequest): Promise<number> {
  const kept = headers.filter(([name]) => !ofTheConnection.test(name)).flat();
  return new Promise((resolve, reject) => {
    const request = (to.protocol === 'https:' ? httpsRequest : httpRequest)(to, {
      method,
      headers: ['host', to.host, 'content-length', String(body.length), ...kept],
      timeout: timeoutMs,
    });
    request.once('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.once('timeout', () => request.destroy(new Error(`it was silent for ${timeoutMs / 1_000} s`)));
    request.once('error', reject);
    request.end(body);
  });
}

/** A plain JSON client over node:http for tests: keep-alive, no retries, nothing hidden. */
import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 256, scheduling: 'fifo' });

export type JsonAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The parsed body; the text itself where it is not JSON. */
  readonly body: unknown;
};

export type JsonRequest = {
  readonly method?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly timeoutMs?: number;
};

/** Sends one request. Rejects where no whole answer came. */
export function requestJson(url: string, options: JsonRequest): Promise<JsonAnswer> {
  return new Promise((resolve, reject) => {
    const body = options.body === undefined ? undefined : Buffer.from(JSON.stringify(options.body));
    const outgoing = request(
      url,
      {
        agent,
        method: options.method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
          ...options.headers,
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('aborted', () => reject(new Error('The answer broke off')));
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: parse(text) });
        });
      },
    );
    outgoing.setTimeout(options.timeoutMs ?? 30_000, () => outgoing.destroy(new Error('No answer in time')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Sends one request and insists on a 2xx. */
export async function requestOk<Body>(url: string, options: JsonRequest): Promise<Body> {
  const answer = await requestJson(url, options);
  if (answer.status < 200 || answer.status > 299) {
    throw new Error(`${options.method ?? 'request'} ${url} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
  return answer.body as Body;
}

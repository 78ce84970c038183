/** A delivery as a command that repeats it by hand. */
import { isUtf8 } from 'node:buffer';
import { queueOrigin, readQueueArn } from '../core/queue-arn.ts';

export type CurlRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
};

/** Longer ones are left in a file: a shell takes no command of any length. */
const inlineBytesMax = 32 * 1024;

/** The same for a delivery that went elsewhere than by HTTP: by Amazon's command line to a queue; a mail has none. */
export function repeatCommand({ method, url, headers, body }: CurlRequest): string | null {
  const reading = readQueueArn(url);
  if (!reading.ok) return url.includes('://') ? curlCommand({ method, url, headers, body }) : null;
  const { region, account, name } = reading.queue;
  const inline = body.length <= inlineBytesMax && isUtf8(body) && !body.includes(0);
  return [
    `aws sqs send-message --region ${region}`,
    `--queue-url ${quoted(`${queueOrigin(reading.queue)}/${account}/${name}`)}`,
    `--message-body ${inline ? quoted(Buffer.from(body).toString('utf8')) : 'file://body'}`,
  ].join(' \\\n  ');
}

/**
 * For a POSIX shell; what is masked stays masked and has to be filled in. A body that is text goes along as it is; one
 * that is not, or is long, is read from the file `body`, into which `body.base64` of the delivery decodes.
 */
export function curlCommand({ method, url, headers, body }: CurlRequest): string {
  const inline = body.length <= inlineBytesMax && isUtf8(body) && !body.includes(0);
  const parts = [
    `curl --request ${method} ${quoted(url)}`,
    ...headers.map(([name, value]) => `--header ${quoted(value === '' ? `${name};` : `${name}: ${value}`)}`),
    // Neither reads a file named in the data, nor takes line ends out of it.
    inline ? `--data-raw ${quoted(Buffer.from(body).toString('utf8'))}` : '--data-binary @body',
  ];
  return parts.join(' \\\n  ');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

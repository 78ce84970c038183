/** Options that describe a webhook, and what they become for the API. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import type { App, WebhookInput } from '../../app/app.ts';
import type { Target } from '../../core/webhook.ts';
import { systemCode } from '../../runtime/operator-error.ts';
import { CommandError } from '../error-report.ts';
import { exitCodes } from '../exit-codes.ts';
import { readTextFile } from '../read-text-file.ts';

export type DescribingOptions = {
  readonly name?: string;
  readonly event?: readonly string[];
  readonly filter?: string;
  readonly projection?: string;
  readonly settings?: string;
  readonly policy?: string;
  readonly credentials?: string;
  readonly header?: readonly (readonly [name: string, value: string])[];
  readonly contact?: readonly string[];
  readonly method?: 'POST' | 'PUT' | 'PATCH';
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly tlsAuthority?: string;
};

type Headers = readonly (readonly [name: string, value: string])[];

/** Options of `create` and `update` alike. */
export function withDescription(command: Command, allEvents: string): Command {
  const header = (text: string, before: Headers = []): Headers => [...before, parseHeader(text)];
  return command
    .addOption(new Option('--event <name...>', `events of the dialect; ${allEvents}`))
    .addOption(new Option('--filter <json>', 'conditions beyond the event, as JSON or @file'))
    .addOption(new Option('--projection <json>', 'which fields it is told of, as JSON or @file'))
    .addOption(new Option('--settings <json>', 'all of the dialect’s own settings, as JSON or @file'))
    .addOption(new Option('--policy <json>', 'parts of the delivery policy that differ, as JSON or @file'))
    .addOption(
      new Option('--credentials <@file>', 'file with JSON such as {"kind":"bearer","token":"…"}; never as text'),
    )
    .addOption(new Option('--header <name: value...>', 'headers to send with each delivery').argParser(header))
    .addOption(new Option('--tls-certificate <file>', 'client certificate that the receiver asks for, as PEM'))
    .addOption(new Option('--tls-key <file>', 'the private key of that certificate, as PEM, not encrypted'))
    .addOption(new Option('--tls-authority <file>', 'authority that signed the receiver’s certificate, as PEM'))
    .addOption(new Option('--contact <address...>', 'who is told of warnings, by e-mail'))
    .addOption(new Option('--method <method>', 'the HTTP method').choices(['POST', 'PUT', 'PATCH']));
}

function parseHeader(text: string): readonly [string, string] {
  const colon = text.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError('Wanted "name: value".');
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

/** What a caller names as the place to deliver to: a URL, an e-mail address, the ARN of a queue. The server judges it further. */
export function targetOf(text: string, method: DescribingOptions['method']): Target {
  if (text.startsWith('arn:')) return { transport: 'sqs', queue: text };
  if (/^[^\s@:/]+@[^\s@:/]+$/.test(text)) return { transport: 'email', address: text };
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new CommandError(
      `Target must be an http or https URL, an e-mail address or the ARN of a queue: found ${JSON.stringify(text.slice(0, 200))}`,
      'Write it whole, such as https://shop.example/hooks',
      exitCodes.usage,
    );
  }
  return { transport: 'http', url: text, ...(method === undefined ? {} : { method }) };
}

export type Manifest = ReturnType<App['dialects']['get']>;
type Protocol = NonNullable<Manifest['protocols']>[number];

/** The vendor's own name for a way to be told, as its dialect lists them, and what it sets. */
export function protocolNamed(manifest: Pick<Manifest, 'id' | 'protocols'>, name: string): Protocol {
  const { id, protocols = [] } = manifest;
  const found = protocols.find((protocol) => protocol.name === name.toLowerCase());
  if (found !== undefined) return found;
  const known = protocols.map((protocol) => protocol.name).join(', ');
  throw new CommandError(
    `Protocol must be one of dialect "${id}": found ${JSON.stringify(name.slice(0, 40))}`,
    known === '' ? 'Leave it out: the dialect has none' : `Use one of ${known}`,
    exitCodes.usage,
  );
}

/** The name of a webhook that was given none: the host, for the URL itself may carry what is not for lists. */
export function nameFor(target: Target): string {
  if (target.transport === 'http') return new URL(target.url).host;
  return target.transport === 'sqs' ? (target.queue.split(':').at(-1) ?? 'queue') : target.address;
}

/** Certificate, key and authority out of the files that name them; null where none is named. */
async function tlsOf({ tlsCertificate, tlsKey, tlsAuthority }: DescribingOptions): Promise<WebhookInput['tls'] | null> {
  if (tlsCertificate === undefined && tlsKey === undefined && tlsAuthority === undefined) return null;
  return {
    ...(tlsCertificate === undefined ? {} : { certificatePem: await readTextFile(tlsCertificate) }),
    ...(tlsKey === undefined ? {} : { keyPem: await readTextFile(tlsKey) }),
    ...(tlsAuthority === undefined ? {} : { authorityPem: await readTextFile(tlsAuthority) }),
  };
}

/** The parts of a webhook that the options speak of. */
export async function describedParts(options: DescribingOptions): Promise<Partial<WebhookInput>> {
  const { name, event, filter, projection, settings, policy, credentials, header, contact } = options;
  const tls = await tlsOf(options);
  if (credentials !== undefined && !credentials.startsWith('@'))
    throw new CommandError(
      'Credentials must stand in a file: on the command line others could read them',
      'Write them as JSON into a file, and name it: --credentials @file',
      exitCodes.usage,
    );
  return {
    ...(name === undefined ? {} : { name }),
    ...(event === undefined ? {} : { events: event }),
    ...(filter === undefined ? {} : { filter: readJson('--filter', filter) }),
    ...(projection === undefined ? {} : { projection: readJson('--projection', projection) }),
    ...(settings === undefined ? {} : { settings: readJson('--settings', settings) }),
    ...(policy === undefined ? {} : { policy: readJson('--policy', policy) }),
    ...(credentials === undefined ? {} : { credentials: readJson('--credentials', credentials) }),
    ...(tls === null || tls === undefined ? {} : { tls }),
    ...(header === undefined ? {} : { headers: header }),
    ...(contact === undefined ? {} : { contacts: contact }),
  };
}

/** JSON given on the command line, or in a file as `@file`. The server validates what it means. */
export function readJson<Value>(option: string, text: string): Value {
  try {
    return JSON.parse(text.startsWith('@') ? readFileSync(text.slice(1), 'utf8') : text) as Value;
  } catch (error) {
    const found = systemCode(error) ?? (error instanceof Error ? error.message : 'something else');
    throw new CommandError(
      `Option ${option} must be JSON, or @file with JSON: ${found}`,
      'In a shell put JSON in single quotes',
      exitCodes.usage,
    );
  }
}

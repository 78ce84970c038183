/**
 * The AWS SDK on our road: it serialises, signs and reads answers; what it would send goes by the HTTP transport, and with it
 * past the guard. It is loaded with the first message. It retries nothing: that is the engine's.
 */
import type { SendMessageBatchCommandInput, SendMessageBatchCommandOutput, SQSClient } from '@aws-sdk/client-sqs';
import { LRUCache } from 'lru-cache';
import type { Outcome } from '../../core/outcome.ts';
import { type QueueArn, queueOrigin } from '../../core/queue-arn.ts';
import type { AwsKeys, OutgoingMessage, Transport } from '../transport.ts';
import type { QueueMessage } from './sqs-message.ts';

/** Messages for one queue, sent with the same keys, in one call. */
export type QueueCall = {
  readonly queue: QueueArn;
  readonly keys: AwsKeys | undefined;
  readonly messages: readonly QueueMessage[];
  /** On whose account connections are opened, and how. */
  readonly by: Pick<OutgoingMessage, 'workspaceId' | 'webhookId' | 'connectionsMax'>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

/** One per message of a call, in its order. */
export type EntryResult =
  | { readonly kind: 'accepted'; readonly id: string; readonly md5: string }
  | { readonly kind: 'refused'; readonly name: string; readonly message: string; readonly senderFault: boolean };

export type QueueAnswer =
  | { readonly kind: 'entries'; readonly entries: readonly EntryResult[]; readonly exchange: Exchange }
  | { readonly kind: 'error'; readonly name: string; readonly message: string; readonly exchange: Exchange };

/** What went over the wire for a call; `outcome` is null where nothing did. */
export type Exchange = { readonly outcome: Outcome | null };

export type QueueClient = {
  /** Never rejects. */
  call(call: QueueCall): Promise<QueueAnswer>;
  originOf(queue: QueueArn): string;
  stop(): void;
};

export type QueueClientSettings = {
  readonly http: Pick<Transport, 'send'>;
  /** Instead of Amazon's own address of the region: the operator's setting alone. */
  readonly endpoint: string | null;
};

type Sdk = typeof import('@aws-sdk/client-sqs');
type SdkRequest = {
  readonly method: string;
  readonly path: string;
  readonly headers: { readonly [name: string]: string };
  readonly body?: unknown;
};
/** Handed through the SDK to `carry`, and with it what the call came to on the wire. */
type CallOptions = { readonly abortSignal: AbortSignal; readonly call: QueueCall; outcome: Outcome | null };

/** Clients hold signing keys and, of the server's own, what the chain of providers found. */
const clientsMax = 500;

export function createQueueClient({ http, endpoint }: QueueClientSettings): QueueClient {
  let sdk: Promise<Sdk> | null = null;
  const clients = new LRUCache<string, SQSClient>({ max: clientsMax, dispose: (client) => client.destroy() });
  const originOf = (queue: QueueArn): string => endpoint ?? queueOrigin(queue);

  const clientOf = ({ SQSClient }: Sdk, { queue, keys }: QueueCall): SQSClient => {
    const key = JSON.stringify([queue.partition, queue.region, keys ?? null]);
    const known = clients.get(key);
    if (known !== undefined) return known;
    const made = new SQSClient({
      region: queue.region,
      endpoint: originOf(queue),
      useQueueUrlAsEndpoint: false,
      maxAttempts: 1,
      ...(keys === undefined ? {} : { credentials: keys }),
      requestHandler: {
        metadata: { handlerProtocol: 'http/1.1' },
        handle: (request: SdkRequest, options: unknown) => carry(request, options),
      },
    });
    clients.set(key, made);
    return made;
  };

  /** In the place of the SDK's own HTTP client. Whatever is no answer ends as an error that nobody reads: the outcome is told beside it. */
  const carry = async (request: SdkRequest, options: unknown) => {
    const { call } = options as CallOptions;
    const outcome = await http.send({
      ...call.by,
      target: `${originOf(call.queue)}${request.path}`,
      method: 'POST',
      headers: Object.entries(request.headers).filter(([name]) => !ownHeaders.has(name.toLowerCase())),
      body: bodyOf(request.body),
      timeoutMs: call.timeoutMs,
      signal: call.signal,
    });
    (options as CallOptions).outcome = outcome;
    if (outcome.kind !== 'response') throw new Error(outcome.kind);
    const { status, headers, body } = outcome.response;
    return { response: { statusCode: status, headers: Object.fromEntries(headers), body } };
  };

  return {
    originOf,
    async call(call) {
      const exchange: CallOptions = { abortSignal: call.signal, call, outcome: null };
      try {
        sdk ??= import('@aws-sdk/client-sqs');
        const loaded = await sdk;
        const client = clientOf(loaded, call);
        const url = `${originOf(call.queue)}/${call.queue.account}/${call.queue.name}`;
        const [only] = call.messages;
        if (call.messages.length === 1 && only !== undefined) {
          const sent = await client.send(
            new loaded.SendMessageCommand({ QueueUrl: url, ...messageInput(only) }),
            exchange,
          );
          const entry = { kind: 'accepted', id: sent.MessageId ?? '', md5: sent.MD5OfMessageBody ?? '' } as const;
          return { kind: 'entries', entries: [entry], exchange };
        }
        const Entries = call.messages.map((message, index) => ({ Id: String(index), ...messageInput(message) }));
        const sent = await client.send(new loaded.SendMessageBatchCommand({ QueueUrl: url, Entries }), exchange);
        return { kind: 'entries', entries: call.messages.map((_, index) => entryOf(sent, index)), exchange };
      } catch (error) {
        const { name, message } = error instanceof Error ? error : { name: 'Error', message: '' };
        return { kind: 'error', name, message, exchange };
      }
    },
    stop() {
      clients.clear();
    },
  };
}

/** The transport writes them itself. */
const ownHeaders: ReadonlySet<string> = new Set(['host', 'content-length', 'connection', 'expect']);

type EntryInput = NonNullable<SendMessageBatchCommandInput['Entries']>[number];

function messageInput({ body, attributes }: QueueMessage): Omit<EntryInput, 'Id'> {
  if (attributes.length === 0) return { MessageBody: body };
  return {
    MessageBody: body,
    MessageAttributes: Object.fromEntries(
      attributes.map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
    ),
  };
}

function entryOf({ Successful, Failed }: SendMessageBatchCommandOutput, index: number): EntryResult {
  const id = String(index);
  const accepted = Successful?.find((entry) => entry.Id === id);
  if (accepted !== undefined)
    return { kind: 'accepted', id: accepted.MessageId ?? '', md5: accepted.MD5OfMessageBody ?? '' };
  const refused = Failed?.find((entry) => entry.Id === id);
  return {
    kind: 'refused',
    name: refused?.Code ?? 'InternalFailure',
    message: refused?.Message ?? 'The answer does not speak of this message',
    senderFault: refused?.SenderFault ?? false,
  };
}

function bodyOf(body: unknown): Uint8Array {
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  if (body instanceof Uint8Array) return body;
  if (body === undefined) return new Uint8Array();
  throw new TypeError('The SDK must hand over its body at once: it is a stream');
}

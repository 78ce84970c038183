/**
 * A peer that speaks Amazon SQS (its JSON protocol) as strictly as Amazon does where a sender can go wrong: it checks the
 * signature of every call, evaluates the queue's policy, counts bytes, refuses characters, and can be told to throttle, to be
 * in trouble, to hang, or to keep its answer to itself.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { readQueueArn } from '../../core/queue-arn.ts';
import { isAllowed, type QueuePolicy } from './queue-policy.ts';
import { judgeSignature } from './signature-v4.ts';

export type PeerAccount = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly arn: string;
  readonly account: string;
  readonly expired?: boolean;
};

export type PeerMessage = {
  readonly id: string;
  readonly body: string;
  readonly attributes: { readonly [name: string]: { readonly DataType: string; readonly StringValue?: string } };
  readonly sender: string;
};

export type PeerQueue = { readonly arn: string; policy: QueuePolicy | null; readonly messages: PeerMessage[] };

/** What happens to a call instead of the usual; asked before anything is stored. */
export type Trouble =
  | { readonly kind: 'error'; readonly status: number; readonly code: string; readonly message?: string }
  | { readonly kind: 'hang' }
  /** The connection ends without an answer: before, or after the messages were stored. */
  | { readonly kind: 'cut'; readonly when: 'before' | 'after' }
  /** The call is taken; these of its messages are not. */
  | {
      readonly kind: 'entries';
      readonly refuse: (body: string, index: number) => { readonly code: string; readonly senderFault: boolean } | null;
    }
  | { readonly kind: 'raw'; readonly status: number; readonly body: string };

export type PeerCall = {
  readonly target: string;
  readonly entries: number;
  readonly accessKeyId: string;
  readonly userAgent: string;
};

export type SqsPeer = {
  readonly url: string;
  readonly calls: readonly PeerCall[];
  /** Connections that were opened so far. */
  readonly connections: number;
  addAccount(account: PeerAccount): void;
  addQueue(arn: string, policy?: QueuePolicy | null): PeerQueue;
  removeQueue(arn: string): void;
  /** Of the calls to come, until it answers null. */
  trouble: ((call: number) => Trouble | null) | null;
  /** Added to the peer's clock. */
  skewMs: number;
  close(): Promise<void>;
};

type Entry = {
  readonly Id: string;
  readonly MessageBody?: string;
  readonly MessageAttributes?: PeerMessage['attributes'];
};
type Answer = { readonly status: number; readonly body: object };

const bytesMax = 262_144;
const messagesMax = 10;

export async function startSqsPeer({ port = 0 }: { readonly port?: number } = {}): Promise<SqsPeer> {
  const accounts = new Map<string, PeerAccount>();
  const queues = new Map<string, PeerQueue>();
  const calls: PeerCall[] = [];
  let connections = 0;
  let numbered = 0;
  const server: Server = createServer((request, response) => void serve(request, response));
  server.on('connection', () => connections++);
  const at = await new Promise<number>((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });

  const peer: SqsPeer = {
    url: `http://127.0.0.1:${at}`,
    calls,
    get connections() {
      return connections;
    },
    addAccount: (account) => void accounts.set(account.accessKeyId, account),
    addQueue(arn, policy = null) {
      const queue: PeerQueue = { arn, policy, messages: [] };
      queues.set(arn, queue);
      return queue;
    },
    removeQueue: (arn) => void queues.delete(arn),
    trouble: null,
    skewMs: 0,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const trouble = peer.trouble?.(numbered++) ?? null;
    if (trouble?.kind === 'hang') return;
    if (trouble?.kind === 'cut' && trouble.when === 'before') return void request.socket.destroy();
    if (trouble?.kind === 'raw') return void response.writeHead(trouble.status).end(trouble.body);
    const answer =
      trouble?.kind === 'error'
        ? failed(trouble.status, trouble.code, trouble.message ?? '')
        : judge(request, Buffer.concat(chunks), trouble);
    if (trouble?.kind === 'cut') return void request.socket.destroy();
    response.writeHead(answer.status, {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-requestid': randomUUID(),
      date: new Date(Date.now() + peer.skewMs).toUTCString(),
    });
    response.end(JSON.stringify(answer.body));
  };

  const judge = (request: IncomingMessage, body: Buffer, trouble: Trouble | null): Answer => {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const finding = judgeSignature(
      { method: request.method ?? '', url: request.url ?? '/', headers, body },
      { secretOf: (id) => accounts.get(id)?.secretAccessKey, nowMs: Date.now() + peer.skewMs },
    );
    if (finding.kind === 'invalid') return failed(403, finding.code, finding.message);
    const account = accounts.get(finding.accessKeyId);
    if (account === undefined || account.expired === true)
      return failed(403, 'ExpiredToken', 'The security token included in the request is expired');
    const action = (headers['x-amz-target'] ?? '').replace(/^AmazonSQS\./, '');
    const input = JSON.parse(body.toString('utf8')) as {
      readonly QueueUrl?: string;
      readonly Entries?: readonly Entry[];
    } & Omit<Entry, 'Id'>;
    const entries: readonly Entry[] = action === 'SendMessageBatch' ? (input.Entries ?? []) : [{ Id: '0', ...input }];
    calls.push({
      target: action,
      entries: entries.length,
      accessKeyId: account.accessKeyId,
      userAgent: headers['user-agent'] ?? '',
    });
    if (action !== 'SendMessage' && action !== 'SendMessageBatch')
      return failed(400, 'UnsupportedOperation', `No ${action} here`);
    const [, queueAccount = '', name = ''] = new URL(input.QueueUrl ?? 'http://none').pathname.split('/');
    const arn = `arn:aws:sqs:${finding.region}:${queueAccount}:${name}`;
    const queue = queues.get(arn);
    if (queue === undefined || !readQueueArn(arn).ok)
      return failed(400, 'QueueDoesNotExist', 'The specified queue does not exist.');
    if (!isAllowed(queue.policy, { caller: account, action: 'SendMessage', queue: { arn, account: queueAccount } })) {
      const why = `User: ${account.arn} is not authorized to perform: sqs:sendmessage on resource: ${arn} because no resource-based policy allows the sqs:sendmessage action`;
      return failed(403, 'AccessDenied', why);
    }
    return store(queue, account, { action, entries, trouble });
  };

  const store = (queue: PeerQueue, account: PeerAccount, { action, entries, trouble }: Sent): Answer => {
    const total = entries.reduce((sum, entry) => sum + bytesOf(entry), 0);
    if (entries.length > messagesMax)
      return failed(400, 'TooManyEntriesInBatchRequest', 'Maximum number of entries per request are 10.');
    if (total > bytesMax && action === 'SendMessageBatch')
      return failed(400, 'BatchRequestTooLong', 'Batch requests cannot be longer than 262144 bytes.');
    const Successful: object[] = [];
    const Failed: {
      readonly Id: string;
      readonly Code: string;
      readonly Message: string;
      readonly SenderFault: boolean;
    }[] = [];
    for (const [index, entry] of entries.entries()) {
      const wrong =
        wrongWith(entry) ?? (trouble?.kind === 'entries' ? trouble.refuse(entry.MessageBody ?? '', index) : null);
      if (wrong !== null) {
        Failed.push({
          Id: entry.Id,
          Code: wrong.code,
          Message: 'message' in wrong ? String(wrong.message) : '',
          SenderFault: wrong.senderFault,
        });
        continue;
      }
      const message = {
        id: randomUUID(),
        body: entry.MessageBody ?? '',
        attributes: entry.MessageAttributes ?? {},
        sender: account.arn,
      };
      queue.messages.push(message);
      Successful.push({ Id: entry.Id, MessageId: message.id, MD5OfMessageBody: md5(message.body) });
    }
    if (action === 'SendMessageBatch')
      return { status: 200, body: { Successful, ...(Failed.length === 0 ? {} : { Failed }) } };
    const [refused] = Failed;
    return refused === undefined
      ? { status: 200, body: Successful[0] ?? {} }
      : failed(refused.SenderFault ? 400 : 503, refused.Code, refused.Message);
  };
  return peer;
}

type Sent = { readonly action: string; readonly entries: readonly Entry[]; readonly trouble: Trouble | null };

function failed(status: number, code: string, message: string): Answer {
  return { status, body: { __type: `com.amazonaws.sqs#${code}`, message } };
}

function wrongWith(
  entry: Entry,
): { readonly code: string; readonly message: string; readonly senderFault: boolean } | null {
  const body = entry.MessageBody ?? '';
  if (body === '')
    return {
      code: 'MissingParameter',
      message: 'The request must contain the parameter MessageBody.',
      senderFault: true,
    };
  if (/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u.test(body)) {
    return { code: 'InvalidMessageContents', message: 'Invalid characters found', senderFault: true };
  }
  if (bytesOf(entry) > bytesMax) {
    return {
      code: 'InvalidParameterValue',
      message: 'One or more parameters are invalid. Reason: Message must be shorter than 262144 bytes.',
      senderFault: true,
    };
  }
  return null;
}

function bytesOf({ MessageBody = '', MessageAttributes = {} }: Entry): number {
  const attributes = Object.entries(MessageAttributes).reduce(
    (sum, [name, { DataType, StringValue = '' }]) =>
      sum + name.length + DataType.length + Buffer.byteLength(StringValue),
    0,
  );
  return Buffer.byteLength(MessageBody) + attributes;
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

/** A name server on loopback that answers by script, lies included. UDP only, as stub resolvers ask first. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export type NameQuestion = {
  /** Lower case, without the trailing dot. */
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'CNAME' | 'other';
  /** How often this name and type were asked before. */
  readonly before: number;
};

export type NameRecord =
  | { readonly a: string; readonly ttl?: number; readonly name?: string }
  | { readonly aaaa: string; readonly ttl?: number; readonly name?: string }
  | { readonly cname: string; readonly ttl?: number; readonly name?: string };

export type NameAnswer =
  | { readonly records: readonly NameRecord[] }
  | { readonly rcode: 'NXDOMAIN' | 'SERVFAIL' | 'REFUSED' }
  | 'hang'
  /** Right id and question, then bytes that are no records. */
  | 'malformed'
  /** Bytes that are no packet at all, nothing else. */
  | 'noise'
  /** A good answer to a question nobody asked, nothing else. */
  | 'wrong-id'
  /** "Ask by TCP", where nobody listens. */
  | 'truncated';

export type ScriptedNameServer = {
  /** `address:port`, as the egress takes it. */
  readonly server: string;
  readonly questions: readonly NameQuestion[];
  close(): Promise<void>;
};

const types = { A: 1, CNAME: 5, AAAA: 28 } as const;
const rcodes = { NXDOMAIN: 3, SERVFAIL: 2, REFUSED: 5 } as const;

/** `port`: that of one that has gone, for one that comes back; default any. */
export async function startScriptedNameServer(
  script: (question: NameQuestion) => NameAnswer,
  port = 0,
): Promise<ScriptedNameServer> {
  const questions: NameQuestion[] = [];
  const asked = new Map<string, number>();
  const socket = createSocket('udp4');
  socket.on('message', (packet, from) => {
    const read = readQuestion(packet);
    const key = `${read.type} ${read.name}`;
    const before = asked.get(key) ?? 0;
    asked.set(key, before + 1);
    const question: NameQuestion = { name: read.name, type: read.type, before };
    questions.push(question);
    const reply = answerPacket(packet, read.end, script(question));
    if (reply !== null) socket.send(reply, from.port, from.address);
  });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return {
    server: `127.0.0.1:${socket.address().port}`,
    questions,
    async close() {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

function readQuestion(packet: Buffer): {
  readonly name: string;
  readonly type: NameQuestion['type'];
  readonly end: number;
} {
  const labels: string[] = [];
  let at = 12;
  for (let length = packet[at] ?? 0; length > 0; length = packet[at] ?? 0) {
    labels.push(packet.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  const code = packet.readUInt16BE(at + 1);
  const type = code === types.A ? 'A' : code === types.AAAA ? 'AAAA' : code === types.CNAME ? 'CNAME' : 'other';
  return { name: labels.join('.').toLowerCase(), type, end: at + 5 };
}

function answerPacket(packet: Buffer, questionEnd: number, answer: NameAnswer): Buffer | null {
  if (answer === 'hang') return null;
  if (answer === 'noise') return Buffer.from('no packet at all');
  const records = typeof answer === 'object' && 'records' in answer ? answer.records : [];
  const rcode = typeof answer === 'object' && 'rcode' in answer ? rcodes[answer.rcode] : 0;
  const count = answer === 'malformed' ? 3 : records.length;
  const header = Buffer.from([
    packet[0] ?? 0,
    packet[1] ?? 0,
    answer === 'truncated' ? 0x83 : 0x81,
    0x80 | rcode,
    0,
    1,
    count >> 8,
    count & 255,
    0,
    0,
    0,
    0,
  ]);
  if (answer === 'wrong-id') header[0] = (header[0] ?? 0) ^ 0xff;
  const body = answer === 'malformed' ? [Buffer.from([0xff, 0xff, 0x03, 0x01])] : records.map(recordBytes);
  return Buffer.concat([header, packet.subarray(12, questionEnd), ...body]);
}

function recordBytes(record: NameRecord): Buffer {
  const owner = record.name === undefined ? Buffer.from([0xc0, 0x0c]) : nameBytes(record.name);
  const [type, data] =
    'a' in record
      ? [types.A, Buffer.from(record.a.split('.').map(Number))]
      : 'aaaa' in record
        ? [types.AAAA, ipv6Bytes(record.aaaa)]
        : [types.CNAME, nameBytes(record.cname)];
  const fixed = Buffer.alloc(10);
  fixed.writeUInt16BE(type, 0);
  fixed.writeUInt16BE(1, 2);
  fixed.writeUInt32BE(record.ttl ?? 0, 4);
  fixed.writeUInt16BE(data.length, 8);
  return Buffer.concat([owner, fixed, data]);
}

function nameBytes(name: string): Buffer {
  return Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.from([0]),
  ]);
}

/** Full form or with one `::`; the last 32 bits may be dotted. */
function ipv6Bytes(text: string): Buffer {
  const dotted = /\d+\.\d+\.\d+\.\d+$/.exec(text)?.[0];
  const [a = 0, b = 0, c = 0, d = 0] = (dotted ?? '').split('.').map(Number);
  const hex =
    dotted === undefined ? text : text.replace(dotted, `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`);
  const [head = '', tail] = hex.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const parts =
    tail === undefined ? left : [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  const bytes = Buffer.alloc(16);
  for (const [index, part] of parts.entries()) bytes.writeUInt16BE(parseInt(part, 16), index * 2);
  return bytes;
}

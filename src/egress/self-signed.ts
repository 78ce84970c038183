/**
 * The certificate of the inbox's own TLS listener: self-signed, made at first start, trusted by us for exactly that
 * origin. Written here in DER rather than by the library that makes certificates for others to see: loading that library
 * takes 120 ms and more of a first start, and this is one certificate that never looks different. A test holds it, byte by
 * byte, against what the library makes of the same key.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { serialOf } from '../runtime/x509.ts';
import { type Address, parseAddress } from './address.ts';

export type InboxCertificate = { readonly certPem: string; readonly keyPem: string };

/** Clients refuse server certificates that run longer (825 days); a fresh one is made when it has run out. */
const validMs = 800 * 24 * 3_600_000;
/** Clocks of containers and their hosts differ; a certificate from the future is refused. */
const backdatedMs = 24 * 3_600_000;

export type InboxCertificateRequest = { readonly hosts: readonly string[]; readonly nowMs: number };

/**
 * An ECDSA P-256 certificate for 127.0.0.1, ::1, `localhost` and the given hosts (names or addresses), valid from a day
 * before `nowMs` for about two years.
 */
export function createInboxCertificate(request: InboxCertificateRequest): InboxCertificate {
  return certify(request, generateKeyPairSync('ec', { namedCurve: 'P-256' }));
}

/** As above, of a key that is there. */
export function certify(
  { hosts, nowMs }: InboxCertificateRequest,
  { publicKey, privateKey }: { readonly publicKey: KeyObject; readonly privateKey: KeyObject },
): InboxCertificate {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const names = [...new Set(['127.0.0.1', '::1', 'localhost', ...hosts])];
  const name = sequence(set(sequence(objectId('550403'), tagged(0x13, Buffer.from('Assetwire inbox')))));
  const toBeSigned = sequence(
    tagged(0xa0, integer(Buffer.of(2))),
    integer(Buffer.from(serialOf(spki), 'hex')),
    ecdsaWithSha256,
    name,
    sequence(time(nowMs - backdatedMs), time(nowMs + validMs)),
    name,
    spki,
    tagged(0xa3, sequence(...extensions(names))),
  );
  const signature = sign('sha256', toBeSigned, privateKey);
  const certificate = sequence(toBeSigned, ecdsaWithSha256, bits(signature));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return {
    certPem: ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'),
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

/** No authority, signs, as a server, under these names. */
function extensions(names: readonly string[]): readonly Buffer[] {
  const critical = Buffer.of(0x01, 0x01, 0xff);
  return [
    sequence(objectId('551d13'), critical, octets(sequence())),
    sequence(objectId('551d0f'), critical, octets(Buffer.of(0x03, 0x02, 0x07, 0x80))),
    sequence(objectId('551d25'), octets(sequence(objectId('2b06010505070301')))),
    sequence(objectId('551d11'), octets(sequence(...names.map(alternativeName)))),
  ];
}

function alternativeName(name: string): Buffer {
  const address = parseAddress(name);
  return address === null ? tagged(0x82, Buffer.from(name, 'latin1')) : tagged(0x87, bytesOf(address));
}

function bytesOf(address: Address): Buffer {
  const bytes = Buffer.alloc(address.family === 4 ? 4 : 16);
  if (address.family === 4) bytes.writeUInt32BE(address.value);
  else for (const [index, part] of address.parts.entries()) bytes.writeUInt16BE(part, index * 2);
  return bytes;
}

/** Two digits of the year until 2049, four from then on (RFC 5280). */
function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return text < '2050' ? tagged(0x17, Buffer.from(text.slice(2))) : tagged(0x18, Buffer.from(text));
}

function tagged(tag: number, ...content: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(content);
  const { length } = bytes;
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), bytes]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, ...parts);
}

function set(...parts: readonly Buffer[]): Buffer {
  return tagged(0x31, ...parts);
}

/** Of a positive number whose first bit is clear. */
function integer(bytes: Buffer): Buffer {
  return tagged(0x02, bytes);
}

function octets(content: Buffer): Buffer {
  return tagged(0x04, content);
}

function bits(content: Buffer): Buffer {
  return tagged(0x03, Buffer.of(0), content);
}

/** By its encoded value, in hex. */
function objectId(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}

const ecdsaWithSha256 = sequence(objectId('2a8648ce3d040302'));

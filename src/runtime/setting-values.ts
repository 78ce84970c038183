/** How the text of a setting becomes a value, and what is said when it does not. */
import { createPrivateKey } from 'node:crypto';
import { resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { readEgressProxyUrl } from './egress-proxy-url.ts';

export type SettingType =
  | { readonly kind: 'text'; readonly charactersMin?: number; readonly charactersMax: number }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'bytes'; readonly min: number; readonly max: number }
  | { readonly kind: 'url' }
  | { readonly kind: 'path' }
  | { readonly kind: 'targets' }
  | { readonly kind: 'ranges' }
  | { readonly kind: 'address' }
  | { readonly kind: 'smtp' }
  | { readonly kind: 'proxy' }
  | { readonly kind: 'pem' }
  | { readonly kind: 'keys' }
  | { readonly kind: 'listeners' }
  | { readonly kind: 'choice'; readonly of: readonly string[] };

export type SettingValue = string | number | readonly string[] | readonly Uint8Array[];

export type Parsed = { readonly value: SettingValue } | { readonly wanted: string };

/** The value of a setting's text, or what was wanted instead. */
export function parseSetting(type: SettingType, text: string): Parsed {
  switch (type.kind) {
    case 'text':
      return parseText(type, text);
    case 'integer':
      return parseInteger(type, text);
    case 'bytes':
      return parseBytes(type, text);
    case 'url':
      return parseUrl(text);
    case 'path':
      return text === '' || text.includes('\0') ? { wanted: 'a path' } : { value: resolve(text) };
    case 'targets':
      return parseTargets(text);
    case 'ranges':
      return parseRanges(text);
    case 'address':
      return mailAddressForm.test(text)
        ? { value: text }
        : { wanted: 'an e-mail address, such as assetwire@example.com' };
    case 'smtp':
      return parseSmtp(text);
    case 'proxy':
      return readEgressProxyUrl(text) === null ? { wanted: proxyWanted } : { value: text };
    case 'pem':
      return parsePem(text);
    case 'keys':
      return parseKeys(text);
    case 'listeners':
      return parseListeners(text);
    case 'choice':
      return type.of.includes(text) ? { value: text } : { wanted: `one of ${type.of.join(', ')}` };
    default:
      return type satisfies never;
  }
}

const proxyWanted =
  'http://host:port or https://host:port, with user:password@ before the host where it wants them (special characters as %40 and so on), and nothing behind the port';

function parseText(type: SettingType & { kind: 'text' }, text: string): Parsed {
  const min = type.charactersMin ?? 1;
  const fits = text.length >= min && text.length <= type.charactersMax && text.trim() === text;
  return fits ? { value: text } : { wanted: `${min} to ${type.charactersMax} characters without blanks around them` };
}

function parseInteger(type: SettingType & { kind: 'integer' }, text: string): Parsed {
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= type.min && value <= type.max) return { value };
  return { wanted: `a whole number from ${type.min} to ${type.max}` };
}

const byteUnits: { readonly [unit: string]: number } = {
  '': 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** `500MiB`, `2TiB`, or plain bytes. */
export function parseBytes(type: { readonly min: number; readonly max: number }, text: string): Parsed {
  const match = /^(\d{1,15})(|KiB|MiB|GiB|TiB)$/.exec(text);
  const value = match === null ? Number.NaN : Number(match[1]) * (byteUnits[match[2] ?? ''] ?? Number.NaN);
  if (value >= type.min && value <= type.max) return { value };
  return { wanted: `a number of bytes from ${type.min} to ${type.max}, such as 500MiB` };
}

function parseUrl(text: string): Parsed {
  const wanted = { wanted: 'an http or https URL without credentials, query or fragment' };
  if (!URL.canParse(text)) return wanted;
  const url = new URL(text);
  const plain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!plain || (url.protocol !== 'http:' && url.protocol !== 'https:')) return wanted;
  return { value: text.replace(/\/+$/, '') };
}

function parseTargets(text: string): Parsed {
  const targets = splitList(text);
  if (targets.every((target) => isRange(target) || isPair(target) || isName(target))) return { value: targets };
  return {
    wanted:
      'ranges, addresses, address:port, names or *.suffixes separated by commas, such as 10.1.0.0/16,[::1]:9000,*.lan',
  };
}

function parseRanges(text: string): Parsed {
  const ranges = splitList(text);
  if (ranges.every(isRange)) return { value: ranges };
  return { wanted: 'addresses or ranges separated by commas, such as 10.0.0.5,192.168.0.0/24' };
}

const mailAddressForm = /^[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*$/;

function parseSmtp(text: string): Parsed {
  const wanted = { wanted: 'smtp://user:password@host:port or smtps://user:password@host:port' };
  if (text.length > 2_048 || !URL.canParse(text)) return wanted;
  const { protocol, hostname, search, hash, pathname } = new URL(text);
  // What follows the port would be read by nobody.
  if (search !== '' || hash !== '' || (pathname !== '' && pathname !== '/')) return wanted;
  return (protocol === 'smtp:' || protocol === 'smtps:') && hostname !== '' ? { value: text } : wanted;
}

/** In an environment a key often stands on one line, its ends of lines written as \n. */
function parsePem(text: string): Parsed {
  const pem = text.includes('\n') ? text.trim() : text.trim().replaceAll('\\n', '\n');
  try {
    createPrivateKey(pem);
    return { value: `${pem}\n` };
  } catch {
    return { wanted: 'a private key in PEM, such as made by: openssl genrsa 2048' };
  }
}

function isRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  if (rest.length > 0 || (bits !== undefined && !/^\d{1,3}$/.test(bits))) return false;
  // Four decimal parts only: `10/8` and octal forms are read differently by different tools.
  if (ipaddr.IPv4.isValidFourPartDecimal(address)) return Number(bits ?? 32) <= 32;
  return ipaddr.IPv6.isValid(address) && !address.includes('%') && Number(bits ?? 128) <= 128;
}

function isPair(text: string): boolean {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):([1-9]\d{0,4})$/.exec(text);
  const address = match?.[1] ?? match?.[2] ?? '';
  return isRange(address) && Number(match?.[3]) <= 65_535;
}

/** A last label of digits would be a mistyped address (`10.0.0`), not a name. */
function isName(text: string): boolean {
  return /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i.test(text) && !/(?:^|\.)\d+\.?$/.test(text);
}

const listenerForm = /^([a-z][a-z0-9-]{0,62})=(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]{1,253}):(\d{1,5})$/;

/** `dialect=host:port` each; the texts are taken apart by `readListener`. */
function parseListeners(text: string): Parsed {
  const listeners = splitList(text);
  const fits = listeners.length > 0 && listeners.every((one) => readListener(one) !== null);
  return fits
    ? { value: listeners }
    : { wanted: 'dialect=host:port separated by commas, such as woodwing=127.0.0.1:8600' };
}

/** Where the API of a dialect listens at the root of a port; port 0 takes a free one. */
export type DialectListener = { readonly dialect: string; readonly host: string; readonly port: number };

/** Null where the text is none. */
export function readListener(text: string): DialectListener | null {
  const [, dialect, host, port] = listenerForm.exec(text) ?? [];
  if (dialect === undefined || host === undefined || Number(port) > 65_535) return null;
  return { dialect, host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** Keys of 32 bytes, as 64 hex digits or as base64 (either alphabet, padded or not). */
function parseKeys(text: string): Parsed {
  const keys: Uint8Array[] = [];
  for (const part of splitList(text)) {
    const key = parseKey(part);
    if (key === null) return { wanted: '32 random bytes as base64 or hex, such as made by: openssl rand -base64 32' };
    keys.push(key);
  }
  return keys.length > 0 ? { value: keys } : { wanted: 'at least one key' };
}

export function parseKey(text: string): Uint8Array | null {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return new Uint8Array(Buffer.from(text, 'hex'));
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return null;
  const key = Buffer.from(text, 'base64');
  return key.length === 32 ? new Uint8Array(key) : null;
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

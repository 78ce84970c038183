/**
 * What may be logged of a value. Secrets are masked twice: by the name of the field that holds them, and by their form
 * wherever they turn up in a text (keys, signing secrets, bearer and basic credentials, credentials in URLs). Names are
 * not enough: a secret that a receiver echoes in an error text has no field name.
 */
const charactersMax = 4_096;
const depthMax = 6;
const entriesMax = 100;

const secretName =
  /(authorization|cookie|password|passwd|secret|credential|private|token|api[-_]?key|admin[-_]?key|encryption[-_]?key|signature|session)/i;
/** Names that the rule above would catch but that hold no secret. */
const plainName = /^(secretName|secrets|secretCount|signatureValid|tokens|keyId|sessionId|hasSecret)$/;
const wholeName = /^(key|keys|auth)$/i;

const masked = '[redacted]';

const secretForms: readonly (readonly [form: RegExp, replacement: string])[] = [
  [/\b(whsec|whsk|aw|awi)_[A-Za-z0-9+/=_-]{8,}/g, `$1_${masked}`],
  [/\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{6,}/gi, `$1 ${masked}`],
  [/(:\/\/)[^/\s:@"']{0,256}:[^/\s@"']{1,256}@/g, `$1${masked}@`],
  [/([?&#](?:token|key|secret|password|signature|sign-in|access_token)=)[^&\s"']+/gi, `$1${masked}`],
];

/** A text as it may be logged: known forms of secrets masked, cut to 4 KiB, lone surrogates replaced. */
export function scrubText(text: string): string {
  let scrubbed = text.length > charactersMax * 2 ? text.slice(0, charactersMax * 2) : text;
  for (const [form, replacement] of secretForms) scrubbed = scrubbed.replace(form, replacement);
  if (scrubbed.length > charactersMax) scrubbed = `${scrubbed.slice(0, charactersMax)}…[${text.length} characters]`;
  return scrubbed.toWellFormed();
}

/** Fields as they may be logged. Cycles, depth and size are bounded; whatever cannot be read is named, not thrown. */
export function scrubFields(fields: { readonly [field: string]: unknown }): Record<string, unknown> {
  const scrubbed: Record<string, unknown> = {};
  let count = 0;
  for (const [name, value] of Object.entries(fields)) {
    count += 1;
    if (count > entriesMax) break;
    scrubbed[safeName(name)] = isSecretName(name) ? mask(value) : scrubValue(value, 1);
  }
  return scrubbed;
}

function scrubValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return scrubText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return typeof value;
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Error) return scrubError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (depth >= depthMax) return '[too deep]';
  if (Array.isArray(value)) return value.slice(0, entriesMax).map((item) => scrubItem(item, depth + 1));
  return scrubObject(value, depth + 1);
}

/** Headers come as pairs of name and value: the name decides about the value beside it. */
function scrubItem(item: unknown, depth: number): unknown {
  if (Array.isArray(item) && item.length === 2 && typeof item[0] === 'string' && isSecretName(item[0])) {
    return [safeName(item[0]), mask(item[1])];
  }
  return scrubValue(item, depth);
}

function scrubObject(value: object, depth: number): Record<string, unknown> {
  const scrubbed: Record<string, unknown> = {};
  let count = 0;
  for (const [name, held] of Object.entries(value)) {
    count += 1;
    if (count > entriesMax) break;
    scrubbed[safeName(name)] = isSecretName(name) ? mask(held) : scrubValue(held, depth);
  }
  return scrubbed;
}

function scrubError(error: Error, depth: number): Record<string, unknown> {
  const scrubbed: Record<string, unknown> = { name: scrubText(error.name), message: scrubText(error.message) };
  if ('code' in error && (typeof error.code === 'string' || typeof error.code === 'number'))
    scrubbed['code'] = error.code;
  if (error.stack !== undefined) scrubbed['stack'] = scrubText(error.stack);
  if (error.cause !== undefined && depth < depthMax) scrubbed['cause'] = scrubValue(error.cause, depth + 1);
  return scrubbed;
}

function mask(value: unknown): unknown {
  return value === null || value === undefined || typeof value === 'boolean' || typeof value === 'number'
    ? value
    : masked;
}

function isSecretName(name: string): boolean {
  return wholeName.test(name) || (secretName.test(name) && !plainName.test(name));
}

/** `__proto__` as a field name would set a prototype instead of a field. */
function safeName(name: string): string {
  return name === '__proto__' ? '[__proto__]' : scrubText(name.length > 256 ? name.slice(0, 256) : name);
}

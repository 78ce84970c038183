/** A received request out of a file: as it came over the wire, or as an inbox or a program wrote it down. */
import { CommandError } from './error-report.ts';
import { exitCodes } from './exit-codes.ts';

export type StoredRequest = {
  /** Names in lower case, in the order received. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
};

/** Reads either form; JSON begins with a brace, which no HTTP message does. */
export function readRequest(bytes: Buffer): StoredRequest {
  return bytes.subarray(0, 64).toString('latin1').trimStart().startsWith('{') ? fromJson(bytes) : fromMessage(bytes);
}

function unfit(wanted: string): CommandError {
  return new CommandError(
    `Request must be an HTTP message, or JSON with headers and body: ${wanted}`,
    'A message is header lines, an empty line and the body; JSON is {"headers": {…}, "bodyBase64": "…"} or {…, "body": "…"}',
    exitCodes.usage,
  );
}

function fromMessage(bytes: Buffer): StoredRequest {
  const text = bytes.toString('latin1');
  const gap = /\r?\n\r?\n/.exec(text);
  if (gap === null) throw unfit('there is no empty line behind its headers');
  const headers: (readonly [string, string])[] = [];
  for (const [index, line] of text.slice(0, gap.index).split(/\r?\n/).entries()) {
    const colon = line.indexOf(':');
    // The first line may be the request's: POST /hooks HTTP/1.1
    if (index === 0 && (colon < 1 || /\s/.test(line.slice(0, colon)))) continue;
    if (colon < 1) throw unfit(`line ${index + 1} is no header`);
    headers.push([line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]);
  }
  return { headers, body: bytes.subarray(gap.index + gap[0].length) };
}

function fromJson(bytes: Buffer): StoredRequest {
  const value = parse(bytes);
  const { headers, body, bodyBase64 } = value;
  if (typeof bodyBase64 === 'string') return { headers: headersOf(headers), body: Buffer.from(bodyBase64, 'base64') };
  if (typeof body === 'string') return { headers: headersOf(headers), body: Buffer.from(body) };
  throw unfit('it has neither bodyBase64 nor body as text');
}

function parse(bytes: Buffer): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw unfit(error instanceof Error ? error.message : 'it is no JSON');
  }
  throw unfit('it is no object');
}

/** Headers as pairs, or as an object whose values are texts or lists of them. */
function headersOf(given: unknown): readonly (readonly [string, string])[] {
  if (typeof given !== 'object' || given === null) throw unfit('it has no headers');
  const pairs: readonly unknown[] = Array.isArray(given)
    ? listOf(given)
    : Object.entries(given).flatMap(([name, value]) => listOf(value).map((one): readonly unknown[] => [name, one]));
  return pairs.map((pair) => {
    const [name, value] = listOf(pair);
    if (typeof name !== 'string' || typeof value !== 'string') throw unfit('a header is no pair of texts');
    return [name.toLowerCase(), value];
  });
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [value];
}

import { VerificationError } from './verification-error.ts';

/** Headers as Node, Fetch and most frameworks hand them over. */
export type HeaderSource =
  | Headers
  | Iterable<readonly [name: string, value: string]>
  | { readonly [name: string]: string | readonly string[] | undefined };

/** The body as it arrived. What a parser made of it is refused: written again it need not be the same bytes. */
export function bytesOf(payload: unknown): Buffer {
  if (typeof payload === 'string') return Buffer.from(payload, 'utf8');
  if (payload instanceof Uint8Array) return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  throw new VerificationError('parsed_body', 'The raw body is needed (text or bytes): got what a parser made of it');
}

/** A header's one value, whatever the case of its name. Missing, empty or sent twice is `missing_header`. */
export function headerOf(headers: HeaderSource, wanted: string): string {
  const found = valuesOf(headers, wanted);
  const [value] = found;
  if (value === undefined || value === '' || found.length > 1) {
    throw new VerificationError('missing_header', `The header ${wanted} must come once: got ${found.length} of it`);
  }
  return value;
}

/** Every value of a header. */
export function valuesOf(headers: HeaderSource, wanted: string): readonly string[] {
  const found: string[] = [];
  for (const [name, value] of pairsOf(headers)) {
    if (name.toLowerCase() !== wanted || value === undefined) continue;
    if (typeof value === 'string') found.push(value);
    else found.push(...value);
  }
  return found;
}

function pairsOf(headers: HeaderSource): Iterable<readonly [string, string | readonly string[] | undefined]> {
  return isIterable(headers) ? headers : Object.entries(headers);
}

function isIterable(headers: HeaderSource): headers is Headers | Iterable<readonly [string, string]> {
  return Symbol.iterator in headers;
}

import type { Arrival } from '../demo-dialect.ts';

/** What came to a peer, as the demo keeps what came to the inbox. A peer knows no secret, so it judges nothing. */
export function arrivalAt(
  place: string,
  { headers, text }: Pick<Arrival, 'headers'> & { readonly text: string },
): Arrival {
  return {
    place,
    headers,
    bodyBase64: Buffer.from(text).toString('base64'),
    bodyCut: false,
    verification: { result: 'unsigned', detail: 'A peer judges nothing' },
  };
}

/** Headers of requests and answers that the API gives a meaning of its own, once for the document and the reference. */
export type HeaderDescription = {
  readonly description: string;
  readonly schema: { readonly [keyword: string]: unknown };
  readonly example?: string;
};

export const requestHeaders: { readonly [name: string]: HeaderDescription } = {
  'Idempotency-Key': {
    description:
      'Makes repeating the request safe for 24 hours: the first answer is given again, with `Idempotent-Replayed: true`',
    schema: { type: 'string', pattern: '^[!-~]{1,255}$' },
    example: '7f9c2ba4-e88f-4b5d-9d26-0a1f0c1e2d3f',
  },
  'assetwire-workspace': {
    description: 'The workspace to act in; for admin keys, other keys belong to one',
    schema: { type: 'string', pattern: '^[a-z0-9-]{1,63}$' },
    example: 'default',
  },
  'Last-Event-ID': {
    description: 'The `id` of the last event that was read: what came after it is sent first',
    schema: { type: 'string', maxLength: 1_024 },
  },
  Range: {
    description: 'One range of bytes',
    schema: { type: 'string' },
    example: 'bytes=0-1023',
  },
  'If-Range': {
    description:
      'The `ETag` of the bytes that the range goes on from: where they have changed since, all of them are answered',
    schema: { type: 'string', maxLength: 200 },
  },
  'If-Match': {
    description: 'The `ETag` of the state that the request was decided on; refused where it has changed since',
    schema: { type: 'string', maxLength: 200 },
  },
  'If-None-Match': {
    description: 'The `ETag` of what the caller has: answered 304 where it is still so',
    schema: { type: 'string', maxLength: 200 },
  },
};

export const answerHeaders: { readonly [name: string]: HeaderDescription } = {
  RetryAfter: {
    description: 'Seconds after which trying again may help',
    schema: { type: 'integer', minimum: 1 },
  },
  WwwAuthenticate: { description: 'How to authenticate', schema: { type: 'string' } },
  Location: { description: 'Path of what was made', schema: { type: 'string' } },
  IdempotentReplayed: {
    description: '`true` where this is the answer to the first request with the same `Idempotency-Key`',
    schema: { type: 'string', enum: ['true'] },
  },
  ETag: { description: 'Names this state; changes whenever it does', schema: { type: 'string' } },
  ContentRange: { description: 'Which bytes of how many', schema: { type: 'string' } },
  ContentDisposition: { description: 'Whether to show or to save it, and its name', schema: { type: 'string' } },
};

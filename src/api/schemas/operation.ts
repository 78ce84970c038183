import { scopes } from '../../app/app.ts';
import { array, boolean, integer, named, nullable, object, oneOf, optional, type Schema, string } from '../schema.ts';
import { actorSchema } from './change.ts';
import { headerPairs, id, jsonObject, line, timeMs } from './basics.ts';

export const keySchema: Schema<unknown> = named('Key', object(keyFields()));
export const createdKeySchema: Schema<unknown> = named(
  'CreatedKey',
  object({ ...keyFields(), key: string({ description: 'Shown here once' }) }),
);

export function keyFields() {
  return {
    id: string(),
    name: string(),
    prefix: string({ description: 'The first characters, to recognise it by' }),
    scopes: array(oneOf(scopes)),
    admin: boolean(),
    createdAtMs: timeMs(),
    expiresAtMs: nullable(timeMs()),
    revokedAtMs: nullable(timeMs()),
    lastUsedAtMs: nullable(timeMs('Accurate to five minutes')),
  };
}

export const keyInputSchema = named(
  'KeyInput',
  object({
    name: line(200),
    scopes: array(oneOf(scopes), { maxItems: scopes.length }),
    expiresAtMs: optional(timeMs()),
    admin: optional(boolean()),
  }),
);

export const callerSchema: Schema<unknown> = named(
  'Caller',
  object({
    workspaceId: string(),
    actor: actorSchema,
    scopes: array(oneOf(scopes)),
    admin: boolean(),
    expiresAtMs: optional(timeMs()),
    grants: optional(array(jsonObject, { description: 'What part of the assets is open beyond the scopes' })),
  }),
);

export const inboxSchema: Schema<unknown> = named(
  'Inbox',
  object({
    id: id('inbox'),
    url: string(),
    tlsUrl: string(),
    answer: object({ status: integer(), delayMs: integer(), body: string() }),
    createdAtMs: timeMs(),
    expiresAtMs: timeMs(),
    received: integer({ minimum: 0 }),
  }),
);

export const inboxAnswerSchema = named(
  'InboxAnswer',
  object({
    status: optional(integer({ minimum: 200, maximum: 599, description: 'What the inbox answers with' })),
    delayMs: optional(integer({ minimum: 0, maximum: 60_000 })),
    body: optional(string({ maxLength: 16_384 })),
  }),
);

export const inboxRequestSchema: Schema<unknown> = named(
  'InboxRequest',
  object({
    id: string(),
    atMs: timeMs(),
    method: string(),
    path: string(),
    headers: headerPairs,
    bodyBase64: string(),
    bodyBytes: integer({ minimum: 0 }),
    bodyCut: boolean(),
    verification: object({
      result: oneOf(['verified', 'failed', 'unsigned']),
      detail: string(),
      webhookId: optional(string()),
    }),
  }),
);

export const manifestSchema: Schema<unknown> = named('Manifest', jsonObject);
export const recordSchema: Schema<unknown> = jsonObject;

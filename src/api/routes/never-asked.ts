import type { NeverAskedView } from '../../app/never-asked.ts';
import { noContent, ok, type Route, route } from '../route.ts';
import { named, object, oneOf, type Schema, string } from '../schema.ts';
import { pageOf, pageOptions, shownPage, timeMs } from '../schemas/basics.ts';
import { paging } from '../schemas/people.ts';

const area = 'webhooks';

const neverAskedSchema: Schema<NeverAskedView> = named(
  'NeverAsked',
  object({
    hash: string({ description: 'SHA-256 of the address in small letters: the address itself is not kept' }),
    sinceMs: timeMs(),
    by: oneOf(['owner', 'admin'], { description: 'Who said so' }),
  }),
);

const addressOrHash = object({
  address: string({
    minLength: 3,
    maxLength: 254,
    description: 'The address, or its hash as the list shows it',
    examples: ['ada@example.com'],
  }),
});

const listNeverAsked = route({
  method: 'GET',
  path: '/v1/never-asked',
  operation: 'listNeverAsked',
  area,
  summary: 'List addresses that nobody on this server may ask for consent',
  description: 'Their owners said so on the page behind the link of a mail, or an admin did. Kept as hashes.',
  scope: 'admin',
  query: object(paging),
  answers: { 200: { description: 'A page of hashes', schema: pageOf(neverAskedSchema) } },
  errors: ['invalid_cursor'],
  async handle({ query = {} }, { app }) {
    return ok(shownPage(await app.neverAsked.list(pageOptions(query))));
  },
});

const getNeverAsked = route({
  method: 'GET',
  path: '/v1/never-asked/{address}',
  operation: 'getNeverAsked',
  area,
  summary: 'Show whether an address is never to be asked',
  scope: 'admin',
  params: addressOrHash,
  answers: { 200: { description: 'Since when', schema: neverAskedSchema } },
  async handle({ params }, { app }) {
    return ok(await app.neverAsked.get(params.address));
  },
});

const addNeverAsked = route({
  method: 'POST',
  path: '/v1/never-asked',
  operation: 'addNeverAsked',
  area,
  summary: 'Forbid everybody on this server to ask an address for consent',
  description:
    'For owners who write to whoever runs the server. Webhooks that the address has confirmed go on; it ends them by the link in their mails.',
  scope: 'admin',
  body: object({ address: string({ minLength: 3, maxLength: 254, description: 'An e-mail address' }) }),
  answers: { 200: { description: 'Since when', schema: neverAskedSchema } },
  async handle({ caller, body }, { app }) {
    return ok(await app.neverAsked.add(caller, body.address));
  },
});

const liftNeverAsked = route({
  method: 'DELETE',
  path: '/v1/never-asked/{address}',
  operation: 'liftNeverAsked',
  area,
  summary: 'Let an address be asked again',
  description:
    'Only when its owner wants it: the owner can do so too, by the link in the mail, while the webhook that asked is there.',
  scope: 'admin',
  params: addressOrHash,
  answers: { 204: { description: 'It may be asked' } },
  async handle({ caller, params }, { app }) {
    await app.neverAsked.lift(caller, params.address);
    return noContent;
  },
});

export const neverAskedRoutes: readonly Route[] = [listNeverAsked, getNeverAsked, addNeverAsked, liftNeverAsked];

import { ok, type Route, route } from '../route.ts';
import { boolean, object, optional } from '../schema.ts';
import { line } from '../schemas/basics.ts';
import { setupSteps } from '../schemas/receiver-setup.ts';

const getReceiverSetup = route({
  method: 'GET',
  path: '/v1/dialects/{id}/setup',
  operation: 'getReceiverSetup',
  area: 'dialects',
  summary: 'What a receiver’s side has to set up before deliveries can arrive there',
  description:
    'Asked before a webhook is made; one that is there shows the same as `setup`. For an Amazon SQS queue: the security ' +
    'policy to add to it, with what its parts mean. Empty where nothing has to be done.',
  scope: 'webhooks:read',
  params: object({ id: line(63) }),
  query: object({
    target: {
      ...line(2_048, 'The ARN of a queue, an e-mail address or a URL'),
      examples: ['https://example.com/hooks/assets'],
    },
    ownKeys: optional(boolean({ description: 'Whether the webhook will bring AWS keys of its own' })),
  }),
  answers: { 200: { description: 'In the order they are to be done', schema: object({ steps: setupSteps }) } },
  async handle({ params: { id }, query: { target, ownKeys = false } }, { app }) {
    return ok({ steps: app.dialects.setup(id, { target, ownKeys }) });
  },
});

export const receiverSetupRoutes: readonly Route[] = [getReceiverSetup];

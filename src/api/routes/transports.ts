import { ok, type Route, route } from '../route.ts';
import { boolean, integer, named, nullable, object, oneOf, type Schema, string } from '../schema.ts';

const area = 'settings';

const checkSchema: Schema<unknown> = named(
  'TransportCheck',
  object({
    transport: oneOf(['email', 'sqs']),
    ok: boolean({ description: 'Whether the server took the message; it may still be lost behind it' }),
    server: nullable(string({ description: 'The server that was asked, without credentials' })),
    target: string({ description: 'Address or ARN that the message was for' }),
    outcome: string({ description: "As an attempt's" }),
    code: string(),
    tookMs: integer({ minimum: 0 }),
    wanted: string(),
    found: string(),
    mend: string({ description: 'What to do next; of a success, where to look should it not arrive' }),
  }),
);

const description =
  'Goes the way that deliveries go, once, within 20 seconds; it is no delivery, and the audit log has it. What came of it is the answer, whether it was taken or not.';

const checkEmail = route({
  method: 'POST',
  path: '/v1/transports/email/check',
  operation: 'checkEmail',
  area,
  summary: "Send a test mail by the operator's mail server, and see what it said",
  description,
  scope: 'admin',
  body: object({ to: string({ minLength: 3, maxLength: 254, description: 'An e-mail address' }) }),
  answers: { 200: { description: 'What came of it', schema: checkSchema } },
  errors: ['too_many_requests'],
  async handle({ caller, body }, { app }) {
    return ok(await app.transportChecks.email(caller, body.to));
  },
});

const checkSqs = route({
  method: 'POST',
  path: '/v1/transports/sqs/check',
  operation: 'checkSqs',
  area,
  summary: "Send a test message to a queue with the server's own AWS keys, and see what Amazon SQS said",
  description,
  scope: 'admin',
  body: object({ queue: string({ minLength: 3, maxLength: 200, description: 'ARN of a standard queue' }) }),
  answers: { 200: { description: 'What came of it', schema: checkSchema } },
  errors: ['too_many_requests'],
  async handle({ caller, body }, { app }) {
    return ok(await app.transportChecks.sqs(caller, body.queue));
  },
});

export const transportRoutes: readonly Route[] = [checkEmail, checkSqs];

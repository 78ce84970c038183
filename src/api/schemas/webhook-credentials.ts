/** What a receiver asks for, in the names that callers use. */
import type { WebhookInput } from '../../app/app.ts';
import { limits } from '../../core/limits.ts';
import { named, object, oneOf, optional, raw, type Schema, string } from '../schema.ts';

type CredentialsInput = NonNullable<WebhookInput['credentials']>;

export const credentialsSchema: Schema<CredentialsInput> = named(
  'Credentials',
  raw({
    type: 'object',
    required: ['kind'],
    description: 'What the receiver asks for; sealed, and never shown again',
    discriminator: { propertyName: 'kind' },
    oneOf: [
      named('NoCredentials', object({ kind: oneOf(['none']) })),
      named(
        'BasicCredentials',
        object({
          kind: oneOf(['basic']),
          username: string({ maxLength: 1_024 }),
          password: string({ maxLength: 1_024 }),
        }),
      ),
      named(
        'BearerCredentials',
        object({
          kind: oneOf(['bearer']),
          token: string({ minLength: 1, maxLength: 8_192 }),
          in: optional(
            oneOf(['header', 'query'], {
              description: 'Authorization header, or access_token in the query where the dialect has that',
            }),
          ),
        }),
      ),
      named(
        'OAuth2Credentials',
        object(
          {
            kind: oneOf(['oauth2']),
            grant: oneOf(['password', 'client-credentials'], {
              description: 'What a token is fetched for: username and password, or clientId and clientSecret',
            }),
            tokenUrl: string({
              minLength: 1,
              maxLength: limits.urlCharactersMax,
              description: 'The token endpoint: https, absolute, without credentials',
            }),
            username: optional(string({ minLength: 1, maxLength: 1_024 })),
            password: optional(string({ minLength: 1, maxLength: 1_024 })),
            clientId: optional(string({ minLength: 1, maxLength: 1_024 })),
            clientSecret: optional(string({ minLength: 1, maxLength: 1_024 })),
            clientAuthentication: optional(
              oneOf(['header', 'body'], {
                description:
                  'Where clientId and clientSecret go: a Basic header, or fields of the form. Default header',
              }),
            ),
            scope: optional(string({ minLength: 1, maxLength: 1_024 })),
            audience: optional(string({ minLength: 1, maxLength: 1_024 })),
          },
          { description: 'An access token is fetched, kept until it expires, and sent as Authorization: Bearer' },
        ),
      ),
      named(
        'AwsCredentials',
        object(
          {
            kind: oneOf(['aws']),
            accessKeyId: string({ minLength: 16, maxLength: 128, pattern: '^[A-Za-z0-9_]+$' }),
            secretAccessKey: string({ minLength: 16, maxLength: 256 }),
            sessionToken: optional(string({ minLength: 1, maxLength: 4_096 })),
          },
          { description: 'Keys of the AWS account that may send to the queue; without them the server’s own are used' },
        ),
      ),
    ],
  }),
);

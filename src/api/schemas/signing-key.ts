/** Shapes of signing keys. */
import type { SigningKeyView } from '../../app/signing-keys.ts';
import { boolean, named, nullable, object, oneOf, optional, type Schema, string } from '../schema.ts';
import { id, line, timeMs } from './basics.ts';

export const signingKeySchema: Schema<SigningKeyView> = named(
  'SigningKey',
  object({
    id: string({ examples: ['sgk_01kan4c4q0edkxrmnr6dgk2vfp'] }),
    name: line(63, 'What it is for'),
    dialect: line(63, 'Whose messages it signs'),
    algorithm: oneOf(['rsa-2048']),
    state: oneOf(['present', 'former'], {
      description: 'present: it signs; former: it signs nothing new, and what it signed may still arrive',
    }),
    certificateUrl: string({ description: 'Where receivers fetch the certificate' }),
    certificate: string({ description: 'X.509, as PEM' }),
    fingerprint: string({ description: 'SHA-256 of the certificate, in hexadecimal' }),
    createdAtMs: timeMs(),
    expiresAtMs: timeMs('When the certificate runs out'),
    retiredAtMs: nullable(timeMs('When another took its place')),
    keptUntilMs: nullable(timeMs('Until when a former one is kept, and its certificate served')),
  }),
);

export const signingKeyById = object({ id: id('signingKey') });

export const rotateSigningKeySchema: Schema<{ readonly name: string; readonly withdrawFormer?: boolean }> = named(
  'SigningKeyInput',
  object({
    name: { ...line(63, 'Which key: `GET /v1/dialects/{id}` names those of a dialect'), examples: ['sns'] },
    withdrawFormer: optional(
      boolean({
        description:
          'The keys before it and their certificates are gone at once: what was signed with them verifies no more. For a key that somebody else has',
      }),
    ),
  }),
);

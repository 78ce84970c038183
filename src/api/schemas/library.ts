/** Shapes of libraries. */
import type { LibraryInput } from '../../app/app.ts';
import { defaultLibrary, libraryKeyPattern } from '../../core/library.ts';
import { boolean, integer, named, nullable, object, optional, type Schema, string } from '../schema.ts';
import { line, timeMs } from './basics.ts';

const key = string({
  pattern: libraryKeyPattern,
  description: `What assets in it carry as \`library\`; never changes. \`${defaultLibrary}\` is the one that is always there`,
  examples: ['brand'],
});
const organization = {
  ...string({ pattern: libraryKeyPattern }),
  description: 'What receivers are told as the organization it belongs to; the id of the workspace where absent',
  examples: ['example-corp'],
};
const name = { ...line(300), examples: ['Brand'] };

export const libraryInputSchema: Schema<LibraryInput> = named(
  'LibraryInput',
  object({
    key,
    name: optional({ ...name, description: 'For people; the key where absent' }),
    description: optional(line(2_000)),
    organization: optional(organization),
  }),
);

export const libraryPatchSchema: Schema<{
  readonly name?: string;
  readonly description?: string | null;
  readonly organization?: string | null;
  readonly expectedVersion?: number;
}> = named(
  'LibraryPatch',
  object({
    name: optional(name),
    description: optional(nullable(line(2_000))),
    organization: optional(nullable(organization)),
    expectedVersion: optional(
      integer({ minimum: 0, description: 'Refused with conflict where the library is at another version' }),
    ),
  }),
);

export const librarySchema: Schema<unknown> = named(
  'Library',
  object({
    key,
    name,
    description: optional(string()),
    organization,
    builtIn: boolean({ description: 'The one that every workspace has; it cannot be deleted' }),
    version: integer({ minimum: 0, description: '0: the built-in one, as nobody has changed it yet' }),
    createdAtMs: nullable(timeMs()),
    updatedAtMs: nullable(timeMs()),
  }),
);

export const libraryByKey: Schema<{ readonly key: string }> = object({ key });

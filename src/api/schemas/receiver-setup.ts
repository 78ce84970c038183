import type { SetupStep } from '../../dialects/dialect.ts';
import { array, named, object, optional, type Schema, string } from '../schema.ts';
import { jsonObject } from './basics.ts';

/** What the receiver's side has to do, one step after another. */
export const setupSteps: Schema<readonly SetupStep[]> = array(
  named(
    'SetupStep',
    object({
      title: string(),
      text: string(),
      document: optional({ ...jsonObject, description: 'To be copied as it stands, such as the policy of a queue' }),
      notes: optional(
        array(object({ at: string({ description: 'JSON pointer into the document' }), text: string() }), {
          description: 'What parts of the document mean',
        }),
      ),
    }),
  ),
);
